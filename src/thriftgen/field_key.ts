import { type FieldOwner, fieldProperty } from "../idl/field_property.ts";
import { propertyKey } from "./names.ts";

/** The name of a field's property, as it is written in an object or an interface. */
export function fieldKey(owner: FieldOwner, name: string): string {
  return propertyKey(fieldProperty(owner, name));
}
