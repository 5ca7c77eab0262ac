import type { ServiceDefinition } from "./ast.ts";
import { jsDoc } from "./comment.ts";
import { withDeprecation } from "./deprecation.ts";
import { propertyCode } from "./emit_type.ts";
import { args, type Code, constCode, hanging, layOut, object, typeArgs } from "./layout.ts";
import type { Module } from "./load.ts";
import type { ModuleScope } from "./module_scope.ts";
import { methodNames } from "./names.ts";
import type { Resolver } from "./resolve.ts";
import { serviceMethods } from "./streaming.ts";

/** `export const Name: Service<…> = defineService(…)` with the methods that stream. */
export function serviceCode(
  module: Module,
  definition: ServiceDefinition,
  name: string,
  scope: ModuleScope,
  resolver: Resolver,
): string {
  const { streaming, omitted } = serviceMethods(resolver, module, definition);
  const names = methodNames(streaming.map(({ node }) => node.name.text));
  const notes = omitted.map(({ node, reason }) => `Left out: \`${node.name.text}\`, because ${reason}.`);
  const doc = [...definition.doc, ...definition.doc.length > 0 && notes.length > 0 ? [""] : [], ...notes];
  const properties = streaming.map(({ kind, node, request, response }, index): Code => {
    const types = [request, response].map((type) => scope.export(type.module, type.definition, "type"));
    const method = typeArgs(scope.type("main", "Method"), [`"${kind}"`, ...types]);
    return jsDoc(withDeprecation(node.doc, node.annotations), "  ") +
      propertyCode(`readonly ${names[index]}`, method, false, 2);
  });
  const methods = streaming.map(({ kind, node, request, response }, index): Code => {
    const parts: Code[] = [
      `kind: "${kind}"`,
      hanging("request:", scope.export(request.module, request.definition, "value")),
      hanging("response:", scope.export(response.module, response.definition, "value")),
    ];
    if (names[index] !== node.name.text) parts.push(hanging("name:", JSON.stringify(node.name.text)));
    return hanging(`${names[index]}:`, object(parts));
  });
  const type = scope.type("main", "Service");
  const define = args(`${scope.value("main", "defineService")}(`, [
    JSON.stringify(definition.name.text),
    object(methods, methods.length > 0),
  ], ")");
  const comment = jsDoc(withDeprecation(doc, definition.annotations));
  if (streaming.length === 0) {
    return comment + constCode(name, typeArgs(type, [`${scope.global("Record")}<never, never>`]), define);
  }
  return `${comment}export const ${name}: ${type}<{\n${properties.join("")}}> = ${
    layOut([define, ";"], 0, 5)
  }\n`;
}
