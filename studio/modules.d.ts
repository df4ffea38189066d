declare module '*.tex.yaml' {
  /** Equations by name, as HTML. */
  const equations: Readonly<Record<string, string>>;
  export default equations;
}
