declare module "virtual:examples" {
  /** What the events in events/ ask for, by operation: a test sends each. */
  const examples: Record<string, { path: string; query: string; body?: unknown }>;
  export default examples;
}
