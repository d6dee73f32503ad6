"""What a machine needs beside Python's packages: Java, jars, a class-data archive."""
