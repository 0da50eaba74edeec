import { Menu } from "@mantine/core";
import {
  IconArrowDown,
  IconArrowRight,
  IconCheck,
  IconDownload,
  IconFileTypeCsv,
  IconFileTypePng,
  IconFileTypeSvg,
  IconLink,
} from "@tabler/icons-react";
import { useText } from "@/messages";
import { useCopy } from "@/shared/copy";
import { useFormat } from "@/shared/format";
import { useNotify } from "@/shared/notify";
import type { Direction } from "./draw/geometry";
import { savePaths, type OnSaved } from "./MapTables";
import { saveFile } from "./csv";
import type { Picture } from "./exportPicture";
import css from "./explore.module.css";
import type { Graph } from "./model/graph";

interface ExportMenuProps {
  /** Beginning of file names. */
  name: string;
  /** The drawing and what it shows; null while it is not on screen. */
  picture: () => Picture | null;
  /** Another drawing is on its way: what is on screen is not of the chosen scope. */
  isBusy: boolean;
  /** Offers its paths as CSV. */
  graph: Graph | null;
  /** Path and query that show the same picture again. */
  address: () => string;
  onSaved: OnSaved;
  direction: Direction;
  onDirection: (direction: Direction) => void;
}

const DIRECTIONS = [
  { direction: "down", Icon: IconArrowDown },
  { direction: "right", Icon: IconArrowRight },
] as const;

/** Picture, numbers or link of what is shown, and which way it runs. */
export function ExportMenu({ name, picture, isBusy, graph, address, onSaved, direction, onDirection }: ExportMenuProps) {
  const t = useText();
  const f = useFormat();
  const tell = useNotify();
  const { copy } = useCopy();
  const save = async (kind: "svg" | "png"): Promise<void> => {
    const shown = picture();
    if (!shown) return void tell(t("explore.export.no_map"));
    const maker = await import("./exportPicture").catch(() => null);
    if (!maker) return void tell(t("common.offline_detail"));
    const { pngFile, standaloneSvg, svgFile } = maker;
    try {
      const made = await standaloneSvg(shown, t, f);
      const file = kind === "svg" ? svgFile(made.text) : await pngFile(made).catch(() => null);
      if (!file) return void tell(t("explore.export.too_large"));
      saveFile(`${name}.${kind}`, file);
      onSaved("map", kind);
    } catch {
      tell(t("explore.export.failed"));
    }
  };
  const copyLink = async (): Promise<void> => {
    if (await copy(location.origin + address())) tell(t("explore.export.copied"));
  };
  return (
    <Menu position="bottom-end" width={220}>
      <Menu.Target>
        <button type="button" className={css.action} aria-label={t("explore.export")}>
          <IconDownload size={16} stroke={1.7} />
          <span>{t("explore.export")}</span>
        </button>
      </Menu.Target>
      <Menu.Dropdown>
        <Menu.Item disabled={isBusy} leftSection={<IconFileTypeSvg size={16} stroke={1.7} />} onClick={() => void save("svg")}>
          {t("explore.export.svg")}
        </Menu.Item>
        <Menu.Item disabled={isBusy} leftSection={<IconFileTypePng size={16} stroke={1.7} />} onClick={() => void save("png")}>
          {t("explore.export.png")}
        </Menu.Item>
        {graph && (
          <Menu.Item leftSection={<IconFileTypeCsv size={16} stroke={1.7} />} onClick={() => savePaths(name, graph, graph.edges, onSaved)}>
            {t("explore.export.csv")}
          </Menu.Item>
        )}
        <Menu.Item leftSection={<IconLink size={16} stroke={1.7} />} onClick={() => void copyLink()}>
          {t("explore.export.link")}
        </Menu.Item>
        <Menu.Divider />
        <Menu.Label id="map-direction">{t("explore.direction")}</Menu.Label>
        <div role="group" aria-labelledby="map-direction">
          {DIRECTIONS.map((one) => (
            <Menu.Item
              key={one.direction}
              aria-current={direction === one.direction || undefined}
              leftSection={<one.Icon size={16} stroke={1.7} />}
              rightSection={direction === one.direction && <IconCheck size={16} stroke={1.7} />}
              onClick={() => onDirection(one.direction)}
            >
              {t(`explore.direction.${one.direction}`)}
            </Menu.Item>
          ))}
        </div>
      </Menu.Dropdown>
    </Menu>
  );
}
