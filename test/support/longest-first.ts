import { BaseSequencer, type TestSpecification } from "vitest/node";

/** vitest knows how long files take once they have run; before, it goes by their size, and the contract is a short file that runs for long. */
const LONGEST = [/[\\/]test[\\/]contract[\\/]/, /[\\/]test[\\/]e2e[\\/]/];

/** As vitest would have it, but for those that would be waited for at the end: on a fresh checkout too they begin first. */
export class LongestFirst extends BaseSequencer {
  override async sort(files: TestSpecification[]): Promise<TestSpecification[]> {
    const rankOf = ({ moduleId }: TestSpecification) => {
      const rank = LONGEST.findIndex((folder) => folder.test(moduleId));
      return rank < 0 ? LONGEST.length : rank;
    };
    return (await super.sort(files)).sort((a, b) => rankOf(a) - rankOf(b));
  }
}
