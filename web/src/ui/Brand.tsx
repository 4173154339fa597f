/** The name, with two rings that hold each other. */
export function Brand({ large = false }: { readonly large?: boolean }) {
  return (
    <span className={large ? "brand large" : "brand"}>
      <svg viewBox="0 0 32 32" aria-hidden="true">
        <rect width="32" height="32" rx="9" className="brand-ground" />
        <circle cx="12.5" cy="16" r="6" className="brand-ring" />
        <circle cx="19.5" cy="16" r="6" className="brand-ring second" />
      </svg>
      Kith
    </span>
  );
}
