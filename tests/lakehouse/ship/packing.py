"""A bundle of two tasks, its wheel, and the archive made of both."""

from __future__ import annotations

from collections.abc import Callable
from pathlib import Path

from lakehouse.bundle.load import load
from lakehouse.ship.contents import Contents, contents
from lakehouse.ship.wheel import Wheel, stamp

Write = Callable[..., Path]


BUNDLE = """
bundle: {name: shop}
resources:
  jobs:
    night:
      parameters: [{name: who, default: nobody}]
      tasks:
        - task_key: greet
          spark_python_task:
            python_file: greet.py
            parameters: ["{{job.parameters.who}}"]
        - {task_key: count, depends_on: [{task_key: greet}],
           python_wheel_task: {package_name: shop, entry_point: count, parameters: [""]}}
"""


GREET = "import sys\nprint('hello', sys.argv[1])\n"


def wheel(module: str = "def main(argv): print('counted by the wheel')\n") -> Wheel:
    """A wheel as a build would make it, before it is stamped."""
    files = {
        "shop_main.py": module,
        "shop-1.0.dist-info/METADATA": "Metadata-Version: 2.1\nName: shop\nVersion: 1.0\n",
        "shop-1.0.dist-info/WHEEL": "Wheel-Version: 1.0\nRoot-Is-Purelib: true\n",
        "shop-1.0.dist-info/entry_points.txt": "[jobs]\ncount = shop_main:main\n",
        "shop-1.0.dist-info/RECORD": "",
    }
    return stamp("shop-1.0-py3-none-any.whl", {name: text.encode() for name, text in files.items()})


def made(write: Write, greet: str = GREET, bundle: str = BUNDLE) -> Contents:
    return contents(load(write(bundle, **{"greet.py": greet})), [wheel()])
