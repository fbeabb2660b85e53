namespace Engram.Data;

/// <summary>The SQLSTATE codes that the database raises: PostgreSQL's where it has one, else class <c>EG</c>.</summary>
internal static class SqlStates
{
    public const string FeatureNotSupported = "0A000";
    public const string ConnectionDoesNotExist = "08003";
    public const string TransactionResolutionUnknown = "08007";
    public const string CardinalityViolation = "21000";
    public const string StringDataRightTruncation = "22001";
    public const string NumericValueOutOfRange = "22003";
    public const string NullValueNotAllowed = "22004";
    public const string InvalidDatetimeFormat = "22007";
    public const string DatetimeFieldOverflow = "22008";
    public const string DivisionByZero = "22012";
    public const string InvalidParameterValue = "22023";
    public const string CharacterNotInRepertoire = "22021";
    public const string InvalidEscapeSequence = "22025";
    public const string InvalidTextRepresentation = "22P02";
    public const string DataException = "22000";
    public const string InvalidFrameDistance = "22013";
    public const string InvalidNtileArgument = "22014";
    public const string InvalidNthValueArgument = "22016";
    public const string WindowingError = "42P20";
    public const string SequenceLimitExceeded = "2200H";
    public const string SubstringError = "22011";
    public const string WidthBucketArgument = "2201G";
    public const string InvalidRegularExpression = "2201B";
    public const string BitStringLength = "22026";
    public const string ArrayElement = "2202E";
    public const string InvalidLimit = "2201W";
    public const string InvalidOffset = "2201X";
    public const string UntranslatableCharacter = "22P05";
    public const string NotNullViolation = "23502";
    public const string ForeignKeyViolation = "23503";
    public const string UniqueViolation = "23505";
    public const string CheckViolation = "23514";
    public const string InvalidTransactionState = "25000";
    public const string ActiveTransaction = "25001";
    public const string ReadOnlyTransaction = "25006";
    public const string NoActiveTransaction = "25P01";
    public const string TransactionAborted = "25P02";
    public const string InvalidSavepoint = "3B001";
    public const string SerializationFailure = "40001";
    public const string GeneratedAlways = "428C9";
    public const string SyntaxError = "42601";
    public const string DuplicateColumn = "42701";
    public const string AmbiguousColumn = "42702";
    public const string UndefinedColumn = "42703";
    public const string UndefinedObject = "42704";
    public const string InvalidJsonSubscript = "22033";
    public const string NonNumericJsonItem = "22036";
    public const string SingletonJsonItemRequired = "22038";
    public const string JsonArrayNotFound = "22039";
    public const string JsonMemberNotFound = "2203A";
    public const string JsonNumberNotFound = "2203B";
    public const string JsonObjectNotFound = "2203C";
    public const string DuplicateObject = "42710";
    public const string DuplicateAlias = "42712";
    public const string DuplicateFunction = "42723";
    public const string AmbiguousFunction = "42725";
    public const string GroupingError = "42803";
    public const string DatatypeMismatch = "42804";
    public const string WrongObjectType = "42809";
    public const string CannotCoerce = "42846";
    public const string UndefinedFunction = "42883";
    public const string UndefinedTable = "42P01";
    public const string UndefinedParameter = "42P02";
    public const string DuplicateTable = "42P07";
    public const string ReservedName = "42939";
    public const string InvalidColumnReference = "42P10";
    public const string InvalidTableDefinition = "42P16";
    public const string InvalidForeignKey = "42830";
    public const string IndeterminateDatatype = "42P18";
    public const string CollationMismatch = "42P21";
    public const string IndeterminateCollation = "42P22";
    public const string InvalidSchemaName = "3F000";
    public const string DuplicateSchema = "42P06";
    public const string DuplicatePreparedStatement = "42P05";
    public const string InvalidStatementName = "26000";
    public const string InvalidSampleArgument = "2202H";
    public const string DependentObjectsStillExist = "2BP01";
    public const string DiskFull = "53100";
    public const string OutOfMemory = "53200";
    public const string ProgramLimitExceeded = "54000";
    public const string StatementTooComplex = "54001";
    public const string LockNotAvailable = "55P03";
    public const string ObjectInUse = "55006";
    public const string ObjectNotInPrerequisiteState = "55000";
    public const string WithCheckOption = "44000";
    public const string QueryCanceled = "57014";
    public const string IoError = "58030";
    public const string DuplicateFile = "58P02";
    public const string RaiseException = "P0001";
    public const string DataCorrupted = "XX001";
    public const string InternalError = "XX000";
    /// <summary>The directory is not an Engram database.</summary>
    public const string NotADatabase = "EG001";
    /// <summary>The database was written by a newer, or by an unpublished earlier, format.</summary>
    public const string UnsupportedFormat = "EG002";
    /// <summary>A sync failed: nothing more is written until the database is reopened.</summary>
    public const string Poisoned = "EG003";
    /// <summary>The database does not exist and the connection may not create it.</summary>
    public const string DatabaseNotFound = "EG004";

    public static bool IsTransient(string sqlState)
        => sqlState is SerializationFailure or LockNotAvailable or ObjectInUse or DiskFull or OutOfMemory;
}
