/** A line over days: missing days break it, a day between two gaps is a dot, the last point is marked. `values` null = no data that day. */
export function Sparkline({ values, label }: { values: (number | null)[]; label: string }) {
  const width = 220;
  const height = 44;
  const most = Math.max(...values.map((value) => value ?? 0)) || 1;
  const step = values.length > 1 ? (width - 8) / (values.length - 1) : 0;
  const point = (value: number, index: number): [number, number] => [4 + index * step, height - 4 - (value / most) * (height - 10)];
  let path = "";
  values.forEach((value, index) => {
    if (value === null) return;
    const [x, y] = point(value, index);
    const joins = typeof values[index - 1] === "number";
    const isAlone = !joins && typeof values[index + 1] !== "number";
    path += `${joins ? "L" : "M"}${x.toFixed(1)} ${y.toFixed(1)}${isAlone ? "h0.01" : ""}`;
  });
  const last = values.at(-1);
  const end = last === null || last === undefined ? null : point(last, values.length - 1);
  return (
    <svg viewBox={`0 0 ${width} ${height}`} width="100%" height={height} preserveAspectRatio="none" role="img" aria-label={label}>
      <path d={path} fill="none" stroke="var(--freq-4)" strokeWidth="2" strokeLinecap="round" strokeLinejoin="round" vectorEffect="non-scaling-stroke" />
      {end && <path d={`M${end[0]} ${end[1]}h0.01`} stroke="var(--freq-5)" strokeWidth="7" strokeLinecap="round" vectorEffect="non-scaling-stroke" />}
    </svg>
  );
}
