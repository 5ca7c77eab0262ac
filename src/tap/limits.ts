/** The largest frame, and the largest message, that is put together to be shown: a larger one ends the showing. */
export const MAX_SHOWN_BYTES = 64 * 1024 * 1024;
/** The largest header list that is shown whole. */
export const MAX_HEADER_LIST_BYTES = 1024 * 1024;
/** So many bytes of a connection whose client has not said what it speaks are kept. */
export const MAX_FIRST_BYTES = 64 * 1024;
