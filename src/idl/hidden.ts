// Controls, the ends of lines that JavaScript knows and Thrift does not (U+2028, U+2029), marks that turn the
// direction of what follows, halves of surrogate pairs, and all else that shows nothing. Tabs stay, and what emoji
// and some scripts are spelled with: joiners, variation selectors.
const HIDDEN =
  /(?![\t\u200c\u200d\p{Variation_Selector}])[\p{Cc}\p{Cf}\p{Zl}\p{Zp}\p{Cs}\p{Default_Ignorable_Code_Point}]/gu;

/**
 * The text with an escape of JavaScript for each character that a reader would not see, or that would show the
 * others as what they are not. In a string literal it means the same, in a comment it ends nothing.
 */
export function escapeHidden(text: string): string {
  return text.replace(HIDDEN, (character) => {
    const hex = (character.codePointAt(0) ?? 0).toString(16);
    return hex.length > 4 ? `\\u{${hex}}` : `\\u${hex.padStart(4, "0")}`;
  });
}
