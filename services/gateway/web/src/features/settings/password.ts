/** Least length of a password, in characters; the server asks the same. */
export const PASSWORD_LENGTH = 8;
