/** The two directions in which a schema can change, and how each is told. */

/** What is said of one difference, put after the path of what it is about. */
export interface Words {
  /** A kind of value, such as `null` or `"red"`. */
  readonly value: (value: string) => string;
  readonly anyValue: string;
  readonly only: (values: string) => string;
  readonly required: string;
  /** A declared property that the other side does not declare. */
  readonly undeclared: string;
  /** Of the sender and the receiver, as written; `none` where nothing is. */
  readonly between: (what: string, sender: string, receiver: string) => string;
  readonly keyword: (keyword: string) => string;
}

/** The sender keeps to main's schema, the receiver to the canary's. */
export const NARROWED: Words = {
  value: (value) => `${value} is no longer allowed`,
  anyValue: 'is no longer allowed',
  only: (values) => `is only ${values} now`,
  required: 'is required now',
  undeclared: 'is gone',
  between: (what, main, canary) => `${what} was ${main}, is ${canary}`,
  keyword: (keyword) => `${keyword} is new`,
};

/** The sender keeps to the canary's schema, the receiver to main's. */
export const WIDENED: Words = {
  value: (value) => `${value} is allowed now`,
  anyValue: 'is allowed now',
  only: (values) => `is no longer only ${values}`,
  required: 'is no longer required',
  undeclared: 'is new',
  between: (what, canary, main) => `${what} was ${main}, is ${canary}`,
  keyword: (keyword) => `${keyword} is gone`,
};
