/** Something that keeps set-up from going on; each reason says what is missing and what to do about it. */
export class SetupProblem extends Error {
  name = 'SetupProblem';

  constructor(...reasons) {
    super(reasons.join('; '));
    this.reasons = reasons;
  }
}
