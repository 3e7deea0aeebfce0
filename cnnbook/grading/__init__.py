"""Assignments in nbgrader's format, and a grader that runs them in a sandbox.

What the checks import is `cnnbook.checks`; nothing here is needed by a student.
"""
