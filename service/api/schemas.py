"""JSON schemas of types, as msgspec makes them, and with the format of instants, which it leaves out."""

from collections.abc import Iterable, Iterator
from typing import Any

import msgspec
from msgspec import inspect

REFERENCE = "#/components/schemas/{name}"


def schemas_of(kinds: Iterable[Any]) -> tuple[dict[str, Any], dict[str, Any]]:
    """Return the schema of each type, by the type's text, and the components that these refer to."""
    kinds = list(kinds)
    schemas, components = msgspec.json.schema_components(kinds, ref_template=REFERENCE)
    for struct in structs_in(inspect.multi_type_info(kinds), set()):
        properties = components[struct.cls.__name__]["properties"]
        for field in struct.fields:
            mark_instants(properties[field.encode_name], field.type)
    return dict(zip(map(str, kinds), schemas, strict=True)), components


def structs_in(kinds: Iterable[inspect.Type], seen: set[type]) -> Iterator[inspect.StructType]:
    """Yield every struct that the types hold, once."""
    for kind in kinds:
        match kind:
            case inspect.StructType(cls=cls) if cls not in seen:
                seen.add(cls)
                yield kind
                yield from structs_in((field.type for field in kind.fields), seen)
            case inspect.UnionType(types=parts):
                yield from structs_in(parts, seen)
            case inspect.ListType(item_type=item):
                yield from structs_in([item], seen)


def mark_instants(schema: dict[str, Any], kind: inspect.Type) -> None:
    """Add the format to what is an instant."""
    match kind:
        case inspect.DateTimeType():
            schema["format"] = "date-time"
        case inspect.ListType(item_type=item):
            mark_instants(schema["items"], item)
        case inspect.UnionType(types=parts):
            for part_schema, part in zip(schema.get("anyOf", [schema]), parts, strict=True):
                mark_instants(part_schema, part)
