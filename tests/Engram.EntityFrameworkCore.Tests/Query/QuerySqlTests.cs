using Engram.EntityFrameworkCore.Tests.Model;
using Microsoft.EntityFrameworkCore;

namespace Engram.EntityFrameworkCore.Tests.Query;

/// <summary>The text of queries, asserted whole: what the planner is written for, and what users read in their logs.</summary>
public sealed class QuerySqlTests : IDisposable
{
    private readonly MemoryContext db = MemoryContext.ForSql();
    private readonly float[] question = new float[8];

    public void Dispose() => db.Dispose();

    [Fact]
    public void Nearest_with_filters_is_the_form_that_the_planner_fuses()
    {
        var since = DateTimeOffset.UnixEpoch;
        AssertSql(
            db.Episodes.Where(e => e.Confidence >= 0.7f && e.HappenedAt > since)
                .OrderBy(e => EF.Functions.CosineDistance(e.Embedding, question)).Take(5).Select(e => e.Id),
            """
            SELECT "e"."Id"
            FROM "Episodes" AS "e"
            WHERE "e"."Confidence" >= REAL '0.7' AND "e"."HappenedAt" > @since
            ORDER BY "e"."Embedding" <=> @question
            LIMIT @p
            """);
    }

    [Fact]
    public void The_first_groups_of_no_order_are_those_with_the_smallest_keys()
    {
        AssertSql(
            db.Episodes.GroupBy(e => new { e.Importance, e.Confidence }).Where(g => g.Count() > 2).Select(g => g.Key.Importance).Take(2),
            """
            SELECT "e"."Importance"
            FROM "Episodes" AS "e"
            GROUP BY "e"."Importance", "e"."Confidence"
            HAVING COUNT(*) > 2
            ORDER BY "e"."Importance", "e"."Confidence"
            LIMIT @p
            """);
        AssertSql(
            db.Episodes.GroupBy(e => e.Embedding).Select(g => g.Count()).Skip(1),
            """
            SELECT COUNT(*)
            FROM "Episodes" AS "e"
            GROUP BY "e"."Embedding"
            OFFSET @p
            """);
    }

    [Fact]
    public void Most_similar_first_orders_by_the_distance()
        => AssertSql(
            db.Episodes.OrderByDescending(e => EF.Functions.CosineSimilarity(e.Embedding, question)).ThenBy(e => e.Id).Take(3)
                .Select(e => new { e.Id, Similarity = EF.Functions.CosineSimilarity(e.Embedding, question) }),
            """
            SELECT "e"."Id", 1 - ("e"."Embedding" <=> @question) AS "Similarity"
            FROM "Episodes" AS "e"
            ORDER BY "e"."Embedding" <=> @question, "e"."Id"
            LIMIT @p
            """);

    [Fact]
    public void Greatest_inner_product_first_orders_by_its_operator()
        => AssertSql(
            db.Episodes.OrderByDescending(e => EF.Functions.InnerProduct(e.Embedding, question)).Select(e => EF.Functions.L2Distance(e.Embedding, question)),
            """
            SELECT "e"."Embedding" <-> @question
            FROM "Episodes" AS "e"
            ORDER BY "e"."Embedding" <#> @question
            """);

    [Fact]
    public void Distances_are_parenthesised_as_operands()
        => AssertSql(
            db.Episodes.Where(e => EF.Functions.InnerProduct(e.Embedding, question) * 2 > 1 - EF.Functions.CosineDistance(e.Embedding, question))
                .Select(e => e.Id),
            """
            SELECT "e"."Id"
            FROM "Episodes" AS "e"
            WHERE (-("e"."Embedding" <#> @question) * DOUBLE PRECISION '2') > (DOUBLE PRECISION '1' - ("e"."Embedding" <=> @question))
            """);

    [Fact]
    public void Vector_functions_over_an_array_of_reals_say_what_is_wrong()
    {
        var exception = Assert.Throws<InvalidOperationException>(
            () => db.Notes.OrderBy(n => EF.Functions.CosineDistance(n.Weights, question)).ToQueryString());
        Assert.Contains("real[]", exception.Message, StringComparison.Ordinal);
    }

    [Fact]
    public void Parts_of_text_become_patterns()
    {
        var part = "100%";
        AssertSql(
            db.Episodes.Where(e => e.Text.Contains(part) || e.Text.StartsWith("x_") || e.Text.EndsWith('\\')).Select(e => e.Id),
            """
            SELECT "e"."Id"
            FROM "Episodes" AS "e"
            WHERE ("e"."Text" LIKE @part_contains) OR ("e"."Text" LIKE 'x\_%') OR ("e"."Text" LIKE '%\\')
            """,
            "@part_contains='%100\\%%'");
    }

    [Fact]
    public void Parts_from_another_column_become_functions()
        => AssertSql(
            db.Episodes.Where(e => !e.Text.StartsWith(e.Author!)).Select(e => e.Id),
            """
            SELECT "e"."Id"
            FROM "Episodes" AS "e"
            WHERE "e"."Author" IS NULL OR NOT (starts_with("e"."Text", "e"."Author"))
            """);

    [Fact]
    public void Like_without_an_escape_character_has_none()
        => AssertSql(
            db.Episodes.Where(e => EF.Functions.Like(e.Text, "a%") || EF.Functions.Like(e.Text, @"a\b%")).Select(e => e.Id),
            """
            SELECT "e"."Id"
            FROM "Episodes" AS "e"
            WHERE ("e"."Text" LIKE 'a%') OR ("e"."Text" LIKE 'a\b%' ESCAPE '')
            """);

    [Fact]
    public void Contains_of_a_list_is_one_array_parameter()
    {
        var ids = new List<int> { 1, 2 };
        AssertSql(
            db.Episodes.Where(e => ids.Contains(e.Id)).Select(e => e.Id),
            """
            SELECT "e"."Id"
            FROM "Episodes" AS "e"
            WHERE "e"."Id" = ANY (@ids)
            """);
    }

    [Fact]
    public void Not_contains_of_a_list_keeps_rows_that_are_null()
    {
        string?[] names = ["Ada"];
        AssertSql(
            db.Episodes.Where(e => !names.Contains(e.Author)).Select(e => e.Id),
            """
            SELECT "e"."Id"
            FROM "Episodes" AS "e"
            WHERE NOT (COALESCE("e"."Author" = ANY (@names), FALSE))
            """);

        names = ["Ada", null];
        AssertSql(
            db.Episodes.Where(e => !names.Contains(e.Author)).Select(e => e.Id),
            """
            SELECT "e"."Id"
            FROM "Episodes" AS "e"
            WHERE NOT (COALESCE("e"."Author" = ANY (@names), FALSE)) AND "e"."Author" IS NOT NULL
            """);
    }

    [Fact]
    public void A_collection_that_is_queried_further_is_a_table_of_values()
    {
        var numbers = new[] { 1, 2 };
        AssertSql(
            db.Episodes.Where(e => numbers.Count(n => n > e.Importance) == 1).Select(e => e.Id),
            """
            SELECT "e"."Id"
            FROM "Episodes" AS "e"
            WHERE (
                SELECT COUNT(*)
                FROM (VALUES (@numbers1), (@numbers2)) AS "n"("Value")
                WHERE "n"."Value" > "e"."Importance") = 1
            """);
    }

    [Fact]
    public void Literals_are_typed()
        => AssertSql(
            db.Episodes.Where(e => e.Cost > 1.50m && e.Cost < 2m && e.Mood == Mood.Worried && !e.IsPinned && e.Day == new DateOnly(2024, 1, 2)
                && e.Duration > TimeSpan.FromMinutes(-90.5) && e.SeenAt < new DateTime(2024, 1, 2, 3, 4, 5).AddTicks(1) && e.Key != Guid.Empty).Select(e => e.Id),
            """
            SELECT "e"."Id"
            FROM "Episodes" AS "e"
            WHERE "e"."Cost" > 1.50 AND "e"."Cost" < NUMERIC '2' AND "e"."Mood" = 2 AND NOT ("e"."IsPinned") AND "e"."Day" = DATE '2024-01-02' AND "e"."Duration" > INTERVAL '-01:30:30' AND "e"."SeenAt" < TIMESTAMP '2024-01-02 03:04:05.0000001' AND "e"."Key" <> UUID '00000000-0000-0000-0000-000000000000'
            """);

    [Fact]
    public void Times_are_subtracted_to_intervals_and_moved_by_them()
    {
        var since = DateTimeOffset.UnixEpoch;
        var days = 1.5;
        AssertSql(
            db.Episodes.Where(e => e.HappenedAt - since > TimeSpan.FromDays(1.5) && e.HappenedAt.AddHours(2) > since && e.HappenedAt.AddDays(days) > since).Select(e => e.HappenedAt + TimeSpan.FromSeconds(1)),
            """
            SELECT "e"."HappenedAt" + INTERVAL '00:00:01'
            FROM "Episodes" AS "e"
            WHERE ("e"."HappenedAt" - @since) > INTERVAL '36:00:00' AND ("e"."HappenedAt" + INTERVAL '02:00:00') > @since AND ("e"."HappenedAt" + (INTERVAL '00:00:00.0000001' * CAST(trunc(@days * DOUBLE PRECISION '864000000000') AS bigint))) > @since
            """);
    }

    [Fact]
    public void A_correlated_collection_is_lateral()
        => AssertSql(
            db.Episodes.SelectMany(e => e.Files.Where(f => f.LineCount > e.Importance).OrderBy(f => f.Id).Take(2), (e, f) => new { e.Id, f.Path }),
            """
            SELECT "e"."Id", "f0"."Path"
            FROM "Episodes" AS "e"
            JOIN LATERAL (
                SELECT "f"."Path"
                FROM "Files" AS "f"
                WHERE "e"."Id" = "f"."EpisodeId" AND "f"."LineCount" > "e"."Importance"
                ORDER BY "f"."Id"
                LIMIT 2
            ) AS "f0" ON TRUE
            """);

    [Fact]
    public void Booleans_combine_with_logical_operators()
        => AssertSql(
            db.Episodes.Where(e => (!e.IsPinned ^ e.Importance > 1) && (e.IsPinned | e.Importance > 2)).Select(e => (e.Importance ^ 3) + (e.Importance & 1)),
            """
            SELECT ("e"."Importance" # 3) + ("e"."Importance" & 1)
            FROM "Episodes" AS "e"
            WHERE (NOT ("e"."IsPinned")) <> ("e"."Importance" > 1) AND ("e"."IsPinned" OR "e"."Importance" > 2)
            """);

    [Fact]
    public void Definitions_of_tables_are_what_the_model_says()
        => AssertSqlText(
            db.Database.GenerateCreateScript(),
            """
            CREATE TABLE "Episodes" (
                "Id" integer NOT NULL GENERATED BY DEFAULT AS IDENTITY,
                "Text" text NOT NULL,
                "Author" varchar(40) NULL,
                "HappenedAt" timestamptz NOT NULL,
                "SeenAt" timestamp NULL,
                "Confidence" real NOT NULL,
                "Cost" numeric NOT NULL,
                "Importance" integer NOT NULL,
                "Tokens" bigint NULL,
                "IsPinned" boolean NOT NULL,
                "Mood" integer NOT NULL,
                "Key" uuid NOT NULL,
                "Duration" interval NULL,
                "Day" date NOT NULL,
                "Embedding" vector(8) NOT NULL,
                CONSTRAINT "PK_Episodes" PRIMARY KEY ("Id")
            );


            CREATE TABLE "Notes" (
                "Id" integer NOT NULL GENERATED BY DEFAULT AS IDENTITY,
                "Weights" real[] NOT NULL,
                "Tags" text[] NOT NULL,
                "Price" numeric(10,3) NOT NULL DEFAULT 1.5,
                CONSTRAINT "PK_Notes" PRIMARY KEY ("Id")
            );


            CREATE TABLE "Files" (
                "Id" integer NOT NULL GENERATED BY DEFAULT AS IDENTITY,
                "EpisodeId" integer NOT NULL,
                "Path" text NOT NULL,
                "LineCount" integer NOT NULL,
                CONSTRAINT "PK_Files" PRIMARY KEY ("Id"),
                CONSTRAINT "FK_Files_Episodes_EpisodeId" FOREIGN KEY ("EpisodeId") REFERENCES "Episodes" ("Id") ON DELETE CASCADE
            );


            CREATE INDEX "IX_Episodes_HappenedAt" ON "Episodes" ("HappenedAt");


            CREATE INDEX "IX_Files_EpisodeId" ON "Files" ("EpisodeId");
            """);

    private static void AssertSql<T>(IQueryable<T> query, string expected, string? parameters = null)
    {
        var text = query.ToQueryString();
        if (parameters is not null)
        {
            Assert.Contains(parameters, text, StringComparison.Ordinal);
        }

        AssertSqlText(string.Join('\n', text.Split('\n').Where(l => !l.StartsWith("-- @", StringComparison.Ordinal))), expected);
    }

    private static void AssertSqlText(string actual, string expected)
        => Assert.Equal(expected.ReplaceLineEndings("\n").Trim(), actual.ReplaceLineEndings("\n").Trim());
}
