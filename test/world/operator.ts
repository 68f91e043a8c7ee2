/** The grid operator of a world: what it allows, and since when the controller knows. */
import type { World } from "./world.ts";

const SAYS_EVERY_S = 5;

export class GridOperator {
  limitW: number | undefined;
  exportLimitW: number | undefined;
  /** Since when the controller knows of the limit of the import, and of the export, s. */
  knownS: number | undefined;
  exportKnownS: number | undefined;

  /** Says its limits until the controller has them. */
  tell(world: World): void {
    const { isUp, second } = world;
    const known = isUp ? world.process!.controller.state().site.gridLimits.api : undefined;
    const isTold = isUp && known?.limitW === this.limitW && known?.exportLimitW === this.exportLimitW;
    this.knownS = isTold && this.limitW !== undefined ? (this.knownS ?? second) : undefined;
    this.exportKnownS = isTold && this.exportLimitW !== undefined ? (this.exportKnownS ?? second) : undefined;
    if (isTold || !isUp || second % SAYS_EVERY_S !== 0) return;
    const { limitW, exportLimitW } = this;
    const said = {
      ...(limitW === undefined ? {} : { limitW }),
      ...(exportLimitW === undefined ? {} : { exportLimitW }),
    };
    const data = { by: "api", ...said };
    world.process!.controller.record([{ type: "grid-limit-received", source: "api", data }]).catch(() => undefined);
  }
}
