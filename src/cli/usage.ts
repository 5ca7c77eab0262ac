/** Wrong arguments: the command ends with exit code 2, and says them. */
export class UsageError extends Error {
  override readonly name = "UsageError";
}
