"""The chain in one call: an agent and a regimen in a host, from activity to effect."""

from ligandose.course.regimen import Administration, Regimen
from ligandose.course.results import Course
from ligandose.course.simulate import simulate
from ligandose.course.uncertainty import knowledge_ratios
from ligandose.course.validation import validate

__all__ = ["Administration", "Course", "Regimen", "knowledge_ratios", "simulate", "validate"]
