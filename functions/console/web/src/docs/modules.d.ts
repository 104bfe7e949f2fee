declare module "virtual:examples" {
  /** Bodies by operation, as the events in events/ send them: a test runs each. */
  const examples: Record<string, unknown>;
  export default examples;
}
