/** The head stub's text: a template with sections, in which the service replaces CONFIG. */
export function buildHead(): Promise<string>;
