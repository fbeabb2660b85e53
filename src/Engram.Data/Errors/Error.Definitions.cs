namespace Engram.Data;

/// <summary>Changes of the schema that do not fit the schema. Positions are 0-based offsets; exceptions count from 1.</summary>
internal static partial class Error
{
    public static EngramException DuplicateTable(string name, int position)
        => new($"A table '{name}' exists already. Choose another name, or write IF NOT EXISTS.", SqlStates.DuplicateTable, position + 1);

    public static EngramException DuplicateIndex(string name, int position)
        => new($"An index '{name}' exists already in this schema. Choose another name, or write IF NOT EXISTS.", SqlStates.DuplicateTable, position + 1);

    public static EngramException TruncateReferenced(string table, string other, string key, int position)
        => new($"Table '{table}' cannot be truncated alone: '{other}' refers to it (foreign key '{key}'). Truncate both in one statement, or write CASCADE.", SqlStates.FeatureNotSupported, position + 1);

    public static EngramException OnCommitOfReferenced(string table, string other)
        => new($"'{other}' is emptied at each commit (ON COMMIT DELETE ROWS), and '{table}', which refers to it, would keep rows that refer to none. Make '{table}' ON COMMIT DELETE ROWS or DROP too.", SqlStates.FeatureNotSupported);

    public static EngramException ReservedSchema(string name, int position)
        => new($"The schema name '{name}' is the system's. Choose another name.", SqlStates.ReservedName, position + 1);

    public static EngramException DuplicateObject(string kind, string name, int position)
        => new($"A {kind} '{name}' exists already, and tables, views, sequences and indexes of a schema share their names. Choose another name.", SqlStates.DuplicateTable, position + 1);

    public static EngramException UndefinedView(string name, int position)
        => new($"View {name} does not exist.", SqlStates.UndefinedTable, position + 1);

    public static EngramException UndefinedSequence(string name, int position)
        => new($"Sequence {name} does not exist. CREATE SEQUENCE makes it.", SqlStates.UndefinedTable, position + 1);

    public static EngramException NotATable(string name, string kind, int position)
        => new($"'{name}' is a {kind}, and this needs a table. Name the table itself.", SqlStates.WrongObjectType, position + 1);

    public static EngramException ViewNotUpdatable(string view, string reason, int position)
        => new($"View '{view}' cannot be written through: {reason}. Write to its tables.", SqlStates.ObjectNotInPrerequisiteState, position + 1);

    public static EngramException CheckOptionFailed(string view)
        => new($"A row would not be one of view '{view}', which was created WITH CHECK OPTION. Give it values that the view's condition holds for, or write to the table itself.", SqlStates.WithCheckOption);

    public static EngramException WrongKind(string name, string kind, int position)
        => new($"{name} is no {kind}. Use the statement for what it is.", SqlStates.WrongObjectType, position + 1);

    public static EngramException UnknownStorageParameter(string name, int position)
        => new($"There is no storage parameter '{name}' of a table. There is cluster_by, with names of columns.", SqlStates.InvalidParameterValue, position + 1);

    public static EngramException StorageParameter(string name, string value, string expected, int position)
        => new($"The storage parameter '{name}' cannot be '{value}'. It takes {expected}.", SqlStates.InvalidParameterValue, position + 1);

    public static EngramException InvalidSequence(string what, int position) => new(what, SqlStates.InvalidParameterValue, position + 1);

    public static EngramException SequenceNotUsed(string subject)
        => new($"{subject} given no number in this session. Call nextval first.", SqlStates.ObjectNotInPrerequisiteState);

    public static EngramException SequenceOutOfBounds(string sequence, long value, long least, long greatest)
        => new(string.Create(System.Globalization.CultureInfo.InvariantCulture, $"Sequence '{sequence}' counts from {least} to {greatest}; {value} is outside."), SqlStates.NumericValueOutOfRange);

    public static EngramException ParameterInView(int position)
        => new("A view names a parameter, which has no value later. Write the value.", SqlStates.InvalidTableDefinition, position + 1);

    public static EngramException ViewChanged(string view)
        => new($"View '{view}' no longer gives the columns that it was created with. Drop it, and create it anew.", SqlStates.InvalidTableDefinition);

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
