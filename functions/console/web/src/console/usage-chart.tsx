import { useEffect, useRef } from "preact/hooks";
import UPlot from "uplot";
import "uplot/dist/uPlot.min.css";

import type { Schemas } from "./api";

const CLASSES = [
  ["2xx", "Went well", "--good"],
  ["3xx", "Redirected", "--accent"],
  ["4xx", "Refused", "--warn"],
  ["5xx", "Failed", "--bad"],
] as const;

/** Steps between the lines of the chart: there is no half request. */
const WHOLE = [1, 2, 5].flatMap((step) => [1, 10, 100, 1_000, 10_000, 100_000].map((of) => step * of)).sort((a, b) => a - b);

/** Requests over time, each class of status on top of the ones before it. */
export function UsageChart({ usage }: { usage: Schemas["KeyUsageView"] }) {
  const place = useRef<HTMLDivElement>(null);
  useEffect(() => {
    const element = place.current;
    if (!element) return;
    const color = (name: string) => getComputedStyle(element).getPropertyValue(name).trim();
    const step = usage.by === "day" ? 86_400 : 3_600;
    const [from, to] = [new Date(usage.from).getTime() / 1_000, new Date(usage.to).getTime() / 1_000];
    const rows = new Map(usage.rows.map((row) => [new Date(row.at).getTime() / 1_000, row]));
    const times: number[] = [];
    for (let at = from - (from % step); at <= to; at += step) times.push(at);
    const sums = CLASSES.map((_, last) =>
      times.map((at) => {
        const row = rows.get(at);
        return row ? CLASSES.slice(0, last + 1).reduce((sum, [name]) => sum + row[name], 0) : 0;
      }),
    );
    const bars = UPlot.paths.bars?.({ size: [0.8, 40] });
    // The highest sums first, so that each class shows above the ones before it.
    const series = CLASSES.map(([name, , variable]) => ({ label: name, fill: color(variable), stroke: color(variable), width: 0, paths: bars, points: { show: false } })).reverse();
    const label = (at: number) =>
      usage.by === "day"
        ? new Date(at * 1_000).toLocaleDateString(undefined, { day: "numeric", month: "short" })
        : new Date(at * 1_000).toLocaleTimeString(undefined, { hour: "2-digit", minute: "2-digit" });
    const axis = { stroke: color("--muted"), grid: { stroke: color("--line"), width: 1 }, ticks: { show: false } };
    const size = () => ({ width: element.clientWidth, height: 220 });
    const chart = new UPlot(
      { ...size(), legend: { show: false }, cursor: { show: false }, axes: [{ ...axis, values: (_, ticks) => ticks.map(label) }, { ...axis, size: 44, incrs: WHOLE }], scales: { x: { range: (_, min, max) => [min - step / 2, max + step / 2] }, y: { range: (_, __, max) => [0, Math.max(max, 1)] } }, series: [{}, ...series] },
      [times, ...sums.reverse()],
      element,
    );
    const watch = new ResizeObserver(() => chart.setSize(size()));
    watch.observe(element);
    return () => {
      watch.disconnect();
      chart.destroy();
    };
  }, [usage]);
  const totals = CLASSES.map(([name, label, variable]) => ({ name, label, variable, count: usage.rows.reduce((sum, row) => sum + row[name], 0) }));
  return (
    <figure class="chart">
      <div ref={place} role="img" aria-label={`${usage.total} requests by ${usage.by}`} />
      <figcaption>
        {totals.map(({ name, label, variable, count }) => (
          <span key={name}>
            <i class={`swatch ${variable.slice(2)}`} /> {label} ({name}): <strong>{count}</strong>
          </span>
        ))}
      </figcaption>
    </figure>
  );
}
