"""The world at the edge: git, SQL, report files. One file or small room each; they hold no rules of the field."""
