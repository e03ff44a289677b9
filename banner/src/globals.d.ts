declare const BANNER_DIGEST: string;

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
