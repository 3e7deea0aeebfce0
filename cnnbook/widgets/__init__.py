"""Widgets of the book: ipywidgets that also live in a page without a kernel."""

from cnnbook.widgets.convolution_stepper import ConvolutionStepper
from cnnbook.widgets.quiz import Choice, Choices, Numeric, Quiz

__all__ = ["Choice", "Choices", "ConvolutionStepper", "Numeric", "Quiz"]
