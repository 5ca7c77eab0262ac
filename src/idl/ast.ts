import type { Source } from "./source.ts";

/** What a file says, before any name in it is looked up. Offsets point into its source. */
export interface Document {
  readonly source: Source;
  /** Comments before the first header or definition that belong to the file. */
  readonly comments: readonly string[];
  readonly includes: readonly Include[];
  readonly definitions: readonly Definition[];
}

export interface Include {
  readonly path: string;
  readonly offset: number;
}

/** A name, possibly with dots, and where it stands. */
export interface Name {
  readonly text: string;
  readonly offset: number;
}

export interface Annotation {
  readonly key: string;
  /** The characters of the literal, unescaped. */
  readonly value: string;
  readonly offset: number;
}

/** What the comments around a node say: lines without their marks. */
export type Doc = readonly string[];

export type Definition =
  | ConstDefinition
  | TypedefDefinition
  | EnumDefinition
  | StructDefinition
  | ServiceDefinition;

interface DefinitionBase {
  readonly name: Name;
  readonly doc: Doc;
  /** Comments before it that an empty line keeps apart from it. */
  readonly detached: readonly Doc[];
  readonly annotations: readonly Annotation[];
}

export interface ConstDefinition extends DefinitionBase {
  readonly kind: "const";
  readonly type: TypeNode;
  readonly value: ValueNode;
}

export interface TypedefDefinition extends DefinitionBase {
  readonly kind: "typedef";
  readonly type: TypeNode;
}

export interface EnumDefinition extends DefinitionBase {
  readonly kind: "enum";
  readonly members: readonly EnumMember[];
}

export interface EnumMember {
  readonly name: Name;
  readonly value: bigint;
  /** Where the value stands, or the name where it has none. */
  readonly valueOffset: number;
  readonly doc: Doc;
  readonly annotations: readonly Annotation[];
}

export type StructCategory = "struct" | "union" | "exception";

export interface StructDefinition extends DefinitionBase {
  readonly kind: "struct";
  readonly category: StructCategory;
  readonly fields: readonly FieldNode[];
}

export interface FieldNode {
  readonly id: number;
  /** Where the id stands, or the name where it has none. */
  readonly idOffset: number;
  readonly requiredness: "default" | "required" | "optional";
  readonly type: TypeNode;
  readonly name: Name;
  readonly value: ValueNode | undefined;
  readonly doc: Doc;
  readonly annotations: readonly Annotation[];
}

export interface ServiceDefinition extends DefinitionBase {
  readonly kind: "service";
  readonly parent: Name | undefined;
  readonly functions: readonly FunctionNode[];
}

export interface FunctionNode {
  readonly name: Name;
  readonly oneway: boolean;
  /** `undefined` for `void`. */
  readonly result: TypeNode | undefined;
  readonly parameters: readonly FieldNode[];
  readonly throws: readonly FieldNode[];
  readonly doc: Doc;
  readonly annotations: readonly Annotation[];
}

export type BaseType = "bool" | "byte" | "i16" | "i32" | "i64" | "double" | "string" | "binary";

export type TypeNode =
  | { readonly kind: "base"; readonly base: BaseType; readonly offset: number }
  | { readonly kind: "named"; readonly name: string; readonly offset: number }
  | { readonly kind: "list"; readonly element: TypeNode; readonly offset: number }
  | { readonly kind: "set"; readonly element: TypeNode; readonly offset: number }
  | { readonly kind: "map"; readonly key: TypeNode; readonly value: TypeNode; readonly offset: number };

export type ValueNode =
  | { readonly kind: "integer"; readonly value: bigint; readonly offset: number }
  | { readonly kind: "double"; readonly value: number; readonly offset: number }
  | { readonly kind: "literal"; readonly literal: string; readonly offset: number }
  | { readonly kind: "identifier"; readonly name: string; readonly offset: number }
  | { readonly kind: "list"; readonly items: readonly ValueNode[]; readonly offset: number }
  | {
    readonly kind: "map";
    readonly entries: readonly { readonly key: ValueNode; readonly value: ValueNode }[];
    readonly offset: number;
  };
