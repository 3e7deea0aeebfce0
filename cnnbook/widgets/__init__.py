"""Widgets of the book: ipywidgets that also live in a page without a kernel."""

from cnnbook.widgets.activation_explorer import ActivationExplorer
from cnnbook.widgets.channel_stepper import ChannelStepper
from cnnbook.widgets.convolution_stepper import ConvolutionStepper
from cnnbook.widgets.layer_cost import LayerCost
from cnnbook.widgets.network_explorer import NetworkExplorer
from cnnbook.widgets.padding_explorer import PaddingExplorer
from cnnbook.widgets.pixel_order import PixelOrder
from cnnbook.widgets.pooling_explorer import PoolingExplorer
from cnnbook.widgets.quiz import Choice, Choices, Numeric, Quiz
from cnnbook.widgets.size_calculator import SizeCalculator
from cnnbook.widgets.stride_explorer import StrideExplorer

__all__ = [
    "ActivationExplorer",
    "ChannelStepper",
    "Choice",
    "Choices",
    "ConvolutionStepper",
    "LayerCost",
    "NetworkExplorer",
    "Numeric",
    "PaddingExplorer",
    "PixelOrder",
    "PoolingExplorer",
    "Quiz",
    "SizeCalculator",
    "StrideExplorer",
]
