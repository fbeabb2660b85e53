namespace Engram.Data;

/// <summary>Changes of the schema that do not fit the schema. Positions are 0-based offsets; exceptions count from 1.</summary>
internal static partial class Error
{
    public static EngramException DuplicateTable(string name, int position)
        => new($"A table '{name}' exists already. Choose another name, or write IF NOT EXISTS.", SqlStates.DuplicateTable, position + 1);

    public static EngramException DuplicateIndex(string name, int position)
        => new($"An index '{name}' exists already in this schema. Choose another name, or write IF NOT EXISTS.", SqlStates.DuplicateTable, position + 1);

    public static EngramException DuplicateSchema(string name, int position)
        => new($"A schema '{name}' exists already. Choose another name, or write IF NOT EXISTS.", SqlStates.DuplicateSchema, position + 1);

    public static EngramException DuplicateConstraint(string name, string table, int position)
        => new($"Table '{table}' has a constraint '{name}' already. Choose another name.", SqlStates.DuplicateObject, position + 1);

    public static EngramException UndefinedSchema(string name, int position)
        => new($"Schema {name} does not exist. CREATE SCHEMA makes it.", SqlStates.InvalidSchemaName, position + 1);

    public static EngramException UndefinedIndex(string name, int position)
        => new($"Index {name} does not exist.", SqlStates.UndefinedObject, position + 1);

    public static EngramException UndefinedConstraint(string name, string table, int position)
        => new($"Table '{table}' has no constraint {name}.", SqlStates.UndefinedObject, position + 1);

    public static EngramException DependentObjects(string what, string dependent, int position)
        => new($"{what} cannot be dropped: something depends on it, namely {dependent}.", SqlStates.DependentObjectsStillExist, position + 1);

    public static EngramException InvalidTableDefinition(string what, int position) => new(what, SqlStates.InvalidTableDefinition, position + 1);

    public static EngramException InvalidForeignKey(string what, int position) => new(what, SqlStates.InvalidForeignKey, position + 1);
}
