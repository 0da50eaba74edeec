import { useText } from "@/messages";

const CARDS = [
  { x: 130, y: 40, key: "home", share: 0.62 },
  { x: 130, y: 110, key: "catalog", share: 0.79 },
  { x: 270, y: 110, key: "search", share: 0.5 },
  { x: 130, y: 180, key: "product", share: 0.74 },
  { x: 270, y: 180, key: "cart", share: 0.3 },
  { x: 130, y: 250, key: "purchase", share: 0.13 },
] as const;

/** A small drawing of a journey map; no real numbers. */
export function MapPicture() {
  const t = useText();
  return (
    <svg viewBox="0 0 400 300" role="img" aria-label={t("home.picture.label")}>
      <path d="M190 8V290" stroke="var(--accent)" strokeOpacity="0.14" strokeWidth="14" />
      <g fill="none" strokeLinecap="round">
        <path d="M190 20V40" stroke="var(--freq-3)" strokeWidth="3" strokeDasharray="1 5" />
        <path d="M190 80V110" stroke="var(--freq-4)" strokeWidth="4" />
        <path d="M190 150V180" stroke="var(--freq-5)" strokeWidth="6" />
        <path d="M190 220V250" stroke="var(--freq-2)" strokeWidth="2.5" />
        <path d="M210 80C215 98 325 90 330 110" stroke="var(--freq-3)" strokeWidth="3" />
        <path d="M330 150C330 166 215 164 210 180" stroke="var(--freq-3)" strokeWidth="3.4" />
        <path d="M250 200H270" stroke="var(--freq-3)" strokeWidth="3" />
        <path d="M330 220C330 240 230 230 215 250" stroke="var(--freq-2)" strokeWidth="2.4" />
        <path d="M130 205C96 205 96 130 130 130" stroke="var(--freq-4)" strokeWidth="4" />
      </g>
      {CARDS.map(({ x, y, key, share }) => (
        <g key={key} transform={`translate(${x} ${y})`}>
          <rect width="120" height="40" rx="9" fill="var(--card)" />
          <rect width="120" height="40" rx="9" fill="var(--freq-4)" fillOpacity="0.1" stroke="var(--line)" />
          <text x="10" y="21" fontSize="11.5" fontWeight="620" fill="var(--ink)">
            {t(`home.picture.${key}`)}
          </text>
          <rect x="10" y="30" width="100" height="3.5" rx="1.75" fill="var(--line)" />
          <rect x="10" y="30" width={100 * share} height="3.5" rx="1.75" fill="var(--freq-4)" />
        </g>
      ))}
    </svg>
  );
}
