/** The mark: a way with a turn between two points. */
export function Logo() {
  return (
    <svg viewBox="0 0 34 34" aria-hidden="true">
      <rect width="34" height="34" rx="9" fill="var(--accent)" />
      <g fill="none" stroke="var(--on-accent)" strokeWidth="2.4" strokeLinecap="round">
        <circle cx="9.5" cy="10" r="2.6" />
        <circle cx="24.5" cy="24" r="2.6" />
        <path d="M12.5 10h7.2a4 4 0 0 1 0 8h-5.4a3.5 3.5 0 0 0 0 6.4h6.8" />
      </g>
    </svg>
  );
}
