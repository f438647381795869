/** The version of the product, as `tocsin version` and every User-Agent say it. */
export const version = '0.1.0';
