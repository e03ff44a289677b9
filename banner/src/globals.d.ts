/** Put in by the build: the digest of this code, and where its lazy parts are. */
declare const BANNER_DIGEST: string;
declare const KIT: string;
/** Filled by the sections that a site's script has. */
declare const LAYOUTS: Record<string, string>;
declare const SIGNALS: Record<string, import("./signal").Signal>;
declare const HOOKS: import("./core").Hooks;

declare module "*.css?inline" {
  const css: string;
  export default css;
}

interface Document {
  readonly prerendering?: boolean;
}

interface Navigator {
  readonly globalPrivacyControl?: boolean;
}
