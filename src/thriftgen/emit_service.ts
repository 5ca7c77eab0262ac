import type { ServiceDefinition } from "../idl/ast.ts";
import { jsDoc } from "./js_doc.ts";
import { withDeprecation } from "./deprecation.ts";
import { codecCode, fieldCode, propertyCode, structCodec, typeCode } from "./emit_type.ts";
import { valueCode } from "./emit_value.ts";
import { fieldProperty } from "../idl/field_property.ts";
import { fieldKey } from "./field_key.ts";
import { args, type Code, constCode, hanging, layOut, object, typeArgs } from "./layout.ts";
import type { Module } from "../idl/load.ts";
import { hasSeveralArguments, type ServiceMethod, serviceMethods, type UnaryMethod } from "../idl/methods.ts";
import type { ModuleScope } from "./module_scope.ts";
import { methodNames } from "./names.ts";
import { quote } from "./quote.ts";
import type { Resolver } from "../idl/resolve.ts";
import type { Evaluator } from "../idl/value.ts";

/** What services are written with. */
export interface ServiceContext {
  readonly resolver: Resolver;
  readonly evaluator: Evaluator;
}

/** `export const Name: Service<…> = defineService(…)`, after the interfaces of its methods' arguments. */
export function serviceCode(
  module: Module,
  definition: ServiceDefinition,
  name: string,
  scope: ModuleScope,
  context: ServiceContext,
): string {
  const { methods, omitted } = serviceMethods(context.resolver, module, definition);
  const names = methodNames(methods.map(({ node }) => node.name.text));
  const notes = omitted.map(({ node, reason }) => `Left out: \`${node.name.text}\`, because ${reason}.`);
  const doc = [...definition.doc, ...definition.doc.length > 0 && notes.length > 0 ? [""] : [], ...notes];
  const interfaces = methods.map((method) =>
    method.kind === "unary" && method.service === definition ? argsInterface(method, scope) : ""
  );
  const types = methods.map((method, index): string => {
    const { node } = method;
    const type = typeArgs(scope.type("main", "Method"), [`"${method.kind}"`, ...messageTypes(method, scope)]);
    return jsDoc(withDeprecation(node.doc, node.annotations), "  ") +
      propertyCode(`readonly ${names[index]}`, type, false, 2);
  });
  const values = methods.map((method, index): Code => {
    const wireName = method.node.name.text;
    const parts: Code[] = [`kind: "${method.kind}"`, ...methodParts(method, scope, context)];
    if (names[index] !== wireName) parts.push(hanging("name:", JSON.stringify(wireName)));
    return hanging(`${names[index]}:`, object(parts));
  });
  const type = scope.type("main", "Service");
  const define = args(`${scope.value("main", "defineService")}(`, [
    JSON.stringify(definition.name.text),
    object(values, values.length > 0),
  ], ")");
  const comment = interfaces.join("") + jsDoc(withDeprecation(doc, definition.annotations));
  if (methods.length === 0) {
    return comment + constCode(name, typeArgs(type, [`${scope.global("Record")}<never, never>`]), define);
  }
  return `${comment}export const ${name}: ${type}<{\n${types.join("")}}> = ${layOut([define, ";"], 0, 5)}\n`;
}

/** The interface of several arguments. */
function argsInterface({ node, home, service, parameters }: UnaryMethod, scope: ModuleScope): string {
  if (!hasSeveralArguments(node)) return "";
  const owner = { category: "struct", fields: node.parameters } as const;
  const properties = parameters.map(({ field, type, requiredness }) =>
    jsDoc(withDeprecation(field.doc, field.annotations), "  ") +
    propertyCode(
      fieldKey(owner, field.name.text),
      typeCode(scope, type),
      requiredness === "optional",
      2,
    )
  );
  const what = jsDoc([`The arguments of ${service.name.text}.${node.name.text}.`]);
  return `${what}export interface ${scope.fields(home, node)} {\n${properties.join("")}}\n\n`;
}

/** The types of a method's request and response. */
function messageTypes(method: ServiceMethod, scope: ModuleScope): Code[] {
  if (method.kind !== "unary") return [typeCode(scope, method.request), typeCode(scope, method.response)];
  const { node, home, parameters: [first], result } = method;
  const request = hasSeveralArguments(node)
    ? scope.fields(home, node)
    : first === undefined
    ? "void"
    : typeCode(scope, first.type);
  return [request, result === undefined ? "void" : typeCode(scope, result)];
}

/** What stands behind a method's kind. */
function methodParts(method: ServiceMethod, scope: ModuleScope, { evaluator }: ServiceContext): Code[] {
  if (method.kind !== "unary") {
    return [
      hanging("request:", structCodec(scope, method.request)),
      hanging("response:", structCodec(scope, method.response)),
    ];
  }
  const { node, home, parameters, result, throws } = method;
  const name = quote(node.name.text);
  const owner = { category: "struct", fields: node.parameters } as const;
  // All structs are defined above.
  const codec = (type: typeof parameters[number]["type"]) => codecCode(scope, type, () => true);
  const fields = parameters.map(({ field, type, requiredness }): Code => {
    const value = evaluator.default(home, field);
    const code = fieldCode(scope, field, {
      codec: codec(type),
      requiredness,
      value: value && valueCode(scope, value),
      property: fieldProperty(owner, field.name.text),
    });
    return [`${fieldKey(owner, field.name.text)}: `, code];
  });
  const exceptions = throws.map(({ field, type }): Code => [
    `${fieldKey(owner, field.name.text)}: `,
    args(`${scope.value("thrift", "thrown")}(`, [
      String(field.id),
      scope.export(type.module, type.definition, "value"),
    ], ")"),
  ]);
  const response = [name, result === undefined ? "undefined" : codec(result)];
  const parts: Code[] = [
    hanging("request:", args(`${scope.value("thrift", "argsCodec")}(`, [name, object(fields)], ")")),
    hanging(
      "response:",
      args(`${scope.value("thrift", "resultCodec")}(`, [
        ...response,
        ...exceptions.length > 0 ? [object(exceptions)] : [],
      ], ")"),
    ),
  ];
  const classes = new Set(throws.map(({ type }) => scope.export(type.module, type.definition, "value")));
  if (classes.size > 0) parts.push(hanging("throws:", args("[", [...classes], "]")));
  if (node.oneway) parts.push("oneway: true");
  return parts;
}
