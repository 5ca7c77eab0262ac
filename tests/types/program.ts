/** A program that is to be checked; a prelude of imports and declarations stands before it. */
export interface Program {
  readonly name: string;
  readonly code: string;
}

/** A program that must not compile: exactly one line of its code, the one that is wrong, ends with `// wrong`. */
export interface WrongProgram extends Program {
  /** What the compiler says. */
  readonly says: RegExp;
}
