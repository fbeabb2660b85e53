using Engram.Data.Tests.Ado;

namespace Engram.Data.Tests.Query.Execution;

/// <summary>information_schema and the engram_ tables.</summary>
public sealed class SystemTableTests : AdoTest
{
    [Fact]
    public void The_information_schema_tells_the_catalog()
    {
        Execute("""
            CREATE SCHEMA s;
            CREATE TABLE s.p (id int GENERATED ALWAYS AS IDENTITY (START WITH 5), code varchar(10) NOT NULL DEFAULT 'x', CONSTRAINT pk PRIMARY KEY (id), CONSTRAINT uq UNIQUE (code, id));
            CREATE TABLE c (a int, b varchar(10), n numeric(10,2) CHECK (n > 0), v vector(3), t timestamptz, l text[], g int GENERATED ALWAYS AS (a * 2) STORED,
                CONSTRAINT fk FOREIGN KEY (b, a) REFERENCES s.p (code, id) ON DELETE CASCADE);
            CREATE VIEW w AS SELECT a, n FROM c;
            CREATE SEQUENCE q INCREMENT 5 MAXVALUE 100 CYCLE;
            """);
        Assert.Equal(["information_schema", "public", "s"], Rows("SELECT schema_name FROM information_schema.schemata ORDER BY 1"));
        Assert.Equal(["public,c,BASE TABLE", "public,w,VIEW", "s,p,BASE TABLE"],
            Rows("SELECT table_schema, table_name, table_type FROM INFORMATION_SCHEMA.TABLES WHERE table_schema <> 'information_schema' ORDER BY 1, 2"));
        Assert.Equal(
            ["a,1,YES,integer,NULL,32,0", "b,2,YES,character varying,10,NULL,NULL", "n,3,YES,numeric,NULL,10,2", "v,4,YES,USER-DEFINED,NULL,NULL,NULL",
                "t,5,YES,timestamp with time zone,NULL,NULL,NULL", "l,6,YES,ARRAY,NULL,NULL,NULL", "g,7,YES,integer,NULL,32,0"],
            Rows("SELECT column_name, ordinal_position, is_nullable, data_type, character_maximum_length, numeric_precision, numeric_scale FROM information_schema.columns WHERE table_name = 'c' ORDER BY 2"));
        Assert.Equal(["id,NULL,YES,ALWAYS,5", "code,'x',NO,NULL,NULL"], Rows("SELECT column_name, column_default, is_identity, identity_generation, identity_start FROM information_schema.columns c WHERE c.table_name = 'p' ORDER BY c.ordinal_position"));
        Assert.Equal(["a,integer", "n,numeric"], Rows("SELECT column_name, data_type FROM information_schema.columns WHERE table_name = 'w'"));
        Assert.Equal(["c_n_check,CHECK", "fk,FOREIGN KEY", "pk,PRIMARY KEY", "uq,UNIQUE"], Rows("SELECT constraint_name, constraint_type FROM information_schema.table_constraints ORDER BY 1"));
        Assert.Equal(["fk,b,1,1", "fk,a,2,2"], Rows("SELECT constraint_name, column_name, ordinal_position, position_in_unique_constraint FROM information_schema.key_column_usage WHERE table_name = 'c' ORDER BY 3"));
        Assert.Equal(["c,n,c_n_check", "p,code,fk", "p,id,fk", "p,id,pk"],
            Rows("SELECT table_name, column_name, constraint_name FROM information_schema.constraint_column_usage WHERE constraint_name <> 'uq' ORDER BY 3, 2"));
        Assert.Equal(["fk,s,uq,NO ACTION,CASCADE"], Rows("SELECT constraint_name, unique_constraint_schema, unique_constraint_name, update_rule, delete_rule FROM information_schema.referential_constraints"));
        Assert.Equal(["(n > 0)"], Rows("SELECT check_clause FROM information_schema.check_constraints"));
        Assert.Equal(["w,SELECT a, n FROM c"], Rows("SELECT table_name, view_definition FROM information_schema.views"));
        Assert.Equal(["q,bigint,1,1,100,5,YES"], Rows("SELECT sequence_name, data_type, start_value, minimum_value, maximum_value, increment, cycle_option FROM information_schema.sequences"));

        // As any table: joined, grouped, in a view, and with the changes of the own transaction.
        Assert.Equal(["c,7"], Rows("SELECT t.table_name, count(*) FROM information_schema.tables t JOIN information_schema.columns c USING (table_schema, table_name) WHERE t.table_name = 'c' GROUP BY t.table_name"));
        Execute("CREATE VIEW names AS SELECT table_name FROM information_schema.tables WHERE table_type = 'BASE TABLE'; BEGIN; CREATE TABLE z (i int)");
        Assert.Equal(["c", "p", "z"], Rows("SELECT * FROM names ORDER BY 1"));
        Execute("ROLLBACK");
        Assert.Equal(["c", "p"], Rows("SELECT * FROM names ORDER BY 1"));
        AssertState("42P01", () => Rows("SELECT * FROM information_schema.nothing"));
        AssertState("42P01", () => Execute("DELETE FROM information_schema.tables"));
    }

    [Fact]
    public void The_status_tables_tell_what_the_database_is_made_of()
    {
        var connection = Open($"Data Source={DiskPath}");
        Execute(connection, "CREATE TABLE t (id int PRIMARY KEY, s text); COMMENT ON TABLE t IS 'words'; CREATE SEQUENCE q");
        using (var command = Command(connection, $"INSERT INTO t VALUES {string.Join(", ", Enumerable.Range(0, 5000).Select(i => $"({i}, 'w{i % 7}')"))}"))
        {
            command.ExecuteNonQuery();
        }

        Assert.Equal(["public,t,5000,0,0,5000,words"], Rows(connection, "SELECT table_schema, table_name, rows, segments, segment_rows, memory_rows, comment FROM engram_tables"));
        Execute(connection, "CHECKPOINT; DELETE FROM t WHERE id < 100; INSERT INTO t VALUES (6000, 'x')");
        Assert.Equal(["4901,1,5000,1"], Rows(connection, "SELECT rows, segments, segment_rows, memory_rows FROM engram_tables"));
        Assert.Equal(["(row id),5000,100", "id,5000,100", "s,5000,100"], Rows(connection, "SELECT column_name, rows, deleted_rows FROM engram_segments ORDER BY 1"));
        Assert.Equal(["t_pkey,id,True"], Rows(connection, "SELECT index_name, columns, is_unique FROM engram_indexes"));
        Scalar(connection, "SELECT nextval('q')");
        Assert.Equal(["q,1,True"], Rows(connection, "SELECT sequence_name, last_value, is_called FROM engram_sequences"));
        Assert.Equal(["True,True,True"], Rows(connection, "SELECT files > 0, durable_lsn >= checkpoint_lsn, appended_lsn >= 4 FROM engram_log"));
        Assert.Equal(["UTC"], Rows(connection, "SELECT value FROM engram_settings WHERE name = 'timezone'"));

        using var reader = Command(connection, "SELECT id FROM t").ExecuteReader();
        Assert.True(reader.Read());
        Execute(Open($"Data Source={DiskPath}"), "INSERT INTO t VALUES (7000, 'y'); CHECKPOINT");
        Assert.Equal(["True,True"], Rows(connection, "SELECT max(age_seconds) >= 0, sum(pinned_memory_bytes) > 0 FROM engram_snapshots"));
    }

    [Fact]
    public void Statements_are_counted_while_they_are_tracked()
    {
        Execute("CREATE TABLE t (id int)");
        Assert.Equal(0L, Scalar("SELECT count(*) FROM engram_statements"));
        Execute("SET engram.track_statements = on");
        for (var i = 0; i < 3; i++)
        {
            Execute("INSERT INTO t VALUES (1), (2)");
            Rows("SELECT * FROM t");
        }

        Assert.Equal(["INSERT INTO t VALUES (1), (2),3,6,True", "SELECT * FROM t,3,12,True"],
            Rows("SELECT query, calls, rows, max_ms >= mean_ms AND total_ms >= max_ms FROM engram_statements WHERE query LIKE '% t%' AND calls = 3 ORDER BY query"));
        Execute("SET engram.track_statements = off; INSERT INTO t VALUES (1), (2)");
        Assert.Equal("off", Scalar("SHOW engram.track_statements"));
        Assert.Equal(3L, Scalar("SELECT calls FROM engram_statements WHERE query LIKE 'INSERT%'"));
        Assert.Contains(Rows("SHOW ALL"), r => r == "search_path,public");
    }
}
