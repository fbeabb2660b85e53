namespace Engram.Data;

/// <summary>What a connection may do with its database: the connection string's <c>Mode</c>.</summary>
public enum EngramOpenMode
{
    /// <summary>Reads and writes; creates the database when it does not exist. The default.</summary>
    ReadWriteCreate = 0,

    /// <summary>Reads and writes; a database that does not exist is an error (EG004).</summary>
    ReadWrite = 1,

    /// <summary>Reads only: every statement that writes is refused (25006). A database that does not exist is an error (EG004).</summary>
    ReadOnly = 2,

    /// <summary>A database in memory, shared by its name within the process, that lives while a connection to it or a data source is open.</summary>
    Memory = 3,
}
