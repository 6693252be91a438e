"""``python -m fuzz SECONDS [SEED]``: fuzz for about so long and keep what was found."""

from __future__ import annotations

import asyncio
import hashlib
import random
import sys
from collections import Counter
from collections.abc import Callable
from pathlib import Path

from PIL import ImageCms

from fuzz.guided import guided_walks
from fuzz.rounds import Found, fuzz_answers, fuzz_profiles, fuzz_walks, fuzz_workers, until
from fuzz.seeds import corpus_seeds, own_seeds

ROOT = Path(__file__).parents[1]
FINDINGS = ROOT / "fuzz" / "findings"
CORPUS_FILES = 150
#: What of the time goes where: decoders in C are where damage is dear.
SHARES = {"walks": 0.2, "guided walks": 0.2, "profiles": 0.05, "answers": 0.15, "workers": 0.4}


def main(seconds: float, seed: int, corpus: Path) -> int:
    """Run every round; return 0, or 1 when something was found."""
    seeds = own_seeds() + corpus_seeds(corpus, CORPUS_FILES)
    made = [ImageCms.createProfile("sRGB"), ImageCms.createProfile("LAB")]
    profiles = [ImageCms.ImageCmsProfile(profile).tobytes() for profile in made]

    def chance() -> random.Random:
        return random.Random(seed)  # noqa: S311 (the same run again, not a secret)

    rounds: dict[str, Callable[[float], Counter[str]]] = {
        "walks": lambda spent_s: fuzz_walks(seeds, chance(), until(spent_s)),
        "guided walks": lambda spent_s: guided_walks(seeds, spent_s, seed),
        "profiles": lambda spent_s: fuzz_profiles(profiles, chance(), until(spent_s)),
        "answers": lambda spent_s: fuzz_answers(chance(), until(spent_s)),
        "workers": lambda spent_s: asyncio.run(fuzz_workers(seeds, chance(), until(spent_s))),
    }
    say(f"{len(seeds)} seeds, {seconds:.0f} s, seed {seed}")
    found = [kept(name, run, seconds * SHARES[name]) for name, run in rounds.items()]
    return int(any(found))


def kept(name: str, run: Callable[[float], Counter[str]], spent_s: float) -> bool:
    """Run one round and report it; keep the input that failed and say so."""
    try:
        codes = run(spent_s)
    except Found as found:
        FINDINGS.mkdir(exist_ok=True)
        path = (
            FINDINGS
            / f"{name.rsplit(maxsplit=1)[-1]}-{hashlib.sha256(found.content).hexdigest()[:12]}"
        )
        path.write_bytes(found.content)
        say(f"FOUND in {name}: {found}\n      kept as {path.relative_to(ROOT)}")
        return True
    says = ", ".join(f"{code} {count}" for code, count in codes.most_common(6))
    say(f"{name}: {codes.total()} inputs ({says})")
    return False


def say(line: str) -> None:
    """Write one line of the report."""
    sys.stdout.write(f"{line}\n")
    sys.stdout.flush()


if __name__ == "__main__":
    numbers = [int(word) for word in sys.argv[2:4]]
    sys.exit(
        main(
            seconds=float(sys.argv[1]) if len(sys.argv) > 1 else 120.0,
            seed=numbers[0] if numbers else 1,
            corpus=(ROOT / ".." / "shared" / "corpus").resolve(),
        )
    )
