"""The JSON Schema of what people write, for editors.

Made from the models, so that it cannot drift from them; the daemon is stricter than any schema can say. It reads no
file. A new kind of document appears here by its row in REQUESTS.
"""

from typing import Any, Final

from pydantic import BaseModel

from execd.intake.manual_fields import FIELDS_TOLD
from execd.intake.requests import REQUESTS
from execd.intake.rows import ROWS_MAX
from execd.intake.schema import QUANTITIES, IntentFile

_DIALECT: Final = "https://json-schema.org/draft/2020-12/schema"


def intent_schema() -> dict[str, Any]:
    """Return the JSON Schema of a file of the inbox: an order, a list of orders, a cancel, an amend or a flatten."""
    order = _schema("order", IntentFile)
    order["oneOf"] = [{"required": [name]} for name in QUANTITIES]
    kinds = {"order": order} | {kind: _schema(kind, model) for kind, model in REQUESTS.items()}
    row = {"$ref": "#/$defs/order"}
    listed = {"type": "array", "items": row, "minItems": 1, "maxItems": ROWS_MAX}
    return {
        "$schema": _DIALECT,
        "title": "execd intent",
        "anyOf": [*({"$ref": f"#/$defs/{kind}"} for kind in kinds), listed],
        "$defs": kinds,
    }


def _schema(kind: str, model: type[BaseModel]) -> dict[str, Any]:
    schema = model.model_json_schema()
    for name, described in schema["properties"].items():
        told = FIELDS_TOLD[kind][name]
        # A model's own title of a field is its name with a capital.
        described.pop("title", None)
        described["description"] = f"{told.what}. Left out: {told.left_out}."
    return schema
