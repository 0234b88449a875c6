"""The few elements of MathML content that kinetic laws and events are written with."""

from __future__ import annotations

from collections.abc import Sequence
from xml.etree import ElementTree as ET

MATHML_NAMESPACE = "http://www.w3.org/1998/Math/MathML"
TIME_URL = "http://www.sbml.org/sbml/symbols/time"


def math(expression: ET.Element) -> ET.Element:
    """Return the expression as a whole <math> element."""
    element = ET.Element("math", xmlns=MATHML_NAMESPACE)
    element.append(expression)
    return element


def symbol(identifier: str) -> ET.Element:
    """Return a reference to a species, parameter or compartment."""
    element = ET.Element("ci")
    element.text = identifier
    return element


def number(value: float) -> ET.Element:
    """Return a number with all its digits."""
    mantissa, _, exponent = repr(float(value)).partition("e")
    if not exponent:
        element = ET.Element("cn")
        element.text = mantissa
        return element
    element = ET.Element("cn", type="e-notation")
    element.text = mantissa
    ET.SubElement(element, "sep").tail = exponent
    return element


def time() -> ET.Element:
    """Return simulated time."""
    element = ET.Element("csymbol", encoding="text", definitionURL=TIME_URL)
    element.text = "time"
    return element


def _apply(operator: str, arguments: Sequence[ET.Element]) -> ET.Element:
    element = ET.Element("apply")
    ET.SubElement(element, operator)
    element.extend(arguments)
    return element


def product(factors: Sequence[ET.Element]) -> ET.Element:
    """Return the product of one or more factors."""
    return factors[0] if len(factors) == 1 else _apply("times", factors)


def total(terms: Sequence[ET.Element]) -> ET.Element:
    """Return the sum of one or more terms."""
    return terms[0] if len(terms) == 1 else _apply("plus", terms)


def quotient(numerator: ET.Element, denominator: ET.Element) -> ET.Element:
    """Return numerator / denominator."""
    return _apply("divide", [numerator, denominator])


def difference(minuend: ET.Element, subtrahends: Sequence[ET.Element]) -> ET.Element:
    """Return minuend - Σ subtrahends."""
    return _apply("minus", [minuend, total(subtrahends)])


def decayed(constant: str, *, since: float) -> ET.Element:
    """Return exp(-constant · (time - since))."""
    elapsed = time() if since == 0.0 else _apply("minus", [time(), number(since)])
    return _apply("exp", [_apply("minus", [product([symbol(constant), elapsed])])])


def from_time(time_s: float) -> ET.Element:
    """Return the condition time ≥ time_s."""
    return _apply("geq", [time(), number(time_s)])
