using System.Data.Common;
using Engram.Data;

namespace Engram.EntityFrameworkCore.Storage;

/// <summary>Gives a parameter the type of the database that its value alone does not tell: <c>float[]</c> may be <c>vector(n)</c> or <c>real[]</c>.</summary>
internal static class ParameterTypes
{
    public static void Set(DbParameter parameter, string storeType)
    {
        // A connection wrapped by a profiler makes parameters of its own; their type then comes from where they stand in the statement.
        if (parameter is EngramParameter engramParameter)
        {
            engramParameter.DataTypeName = storeType;
        }
    }
}
