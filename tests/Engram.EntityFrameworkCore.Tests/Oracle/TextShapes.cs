using Engram.EntityFrameworkCore.Tests.Model;

namespace Engram.EntityFrameworkCore.Tests.Oracle;

/// <summary>Text: ordinal everywhere, with patterns whose own characters must not count as wildcards.</summary>
internal static class TextShapes
{
    public static IEnumerable<Shape> All =>
    [
        Ids("contains constant", q => q.Where(e => e.Text.Contains("agent"))),
        Ids("contains wildcard characters", q => q.Where(e => e.Text.Contains("100%") || e.Text.Contains("r_s") || e.Text.Contains("k\\s"))),
        Ids("contains parameter", q =>
        {
            var part = "_";
            return q.Where(e => e.Text.Contains(part));
        }),
        Ids("contains empty", q =>
        {
            var part = "";
            return q.Where(e => e.Text.Contains(part) && e.Author != null && e.Author.StartsWith(part));
        }),
        Ids("starts with", q => q.Where(e => e.Text.StartsWith("the") || e.Text.StartsWith('É'))),
        Ids("ends with a character", q => q.Where(e => e.Text.EndsWith('%') || e.Text.EndsWith(' '))),
        Ids("starts with another column", q => q.Where(e => e.Author != null && e.Text.StartsWith(e.Author))),
        Ids("contains another column negated", q => q.Where(e => e.Author != null && !e.Text.Contains(e.Author))),
        Ids("equals", q => q.Where(e => e.Author == "ada")),
        Ids("not equals with null", q => q.Where(e => e.Author != "ada")),
        Ids("compared", q => q.Where(e => string.Compare(e.Text, "m") > 0 && e.Text.CompareTo("z") <= 0)),
        Ids("upper and lower", q => q.Where(e => e.Text.ToUpper().Contains("ÉTÉ") || e.Text.ToLower().StartsWith("engram"))),
        Ids("length", q => q.Where(e => e.Text.Length > 20 && e.Author!.Length < 4), q => q.Where(e => e.Text.Length > 20 && e.Author != null && e.Author.Length < 4)),
        Ids("trimmed", q => q.Where(e => e.Text.Trim() == "z" || e.Text.TrimEnd().Length < e.Text.Length)),
        Ids("replaced", q => q.Where(e => e.Text.Replace("the", "") != e.Text && e.Text.Replace("a", "bb").Length > 30)),
        Ids("index of", q => q.Where(e => e.Text.IndexOf("agent") > 5)),
        Ids("is null or empty", q => q.Where(e => string.IsNullOrEmpty(e.Author))),
        Ids("is null or white space", q => q.Where(e => string.IsNullOrWhiteSpace(e.Author))),
        new("text: projected", q => q.Episodes.Where(e => e.Text.Length >= 3).OrderBy(e => e.Id)
            .Select(e => new { Part = e.Text.Substring(1, 2), Rest = e.Text.Substring(2), Upper = e.Text.ToUpper(), At = e.Text.IndexOf('日') }).ToList()),
        new("text: concatenated with null", q => q.Episodes.OrderBy(e => e.Id).Select(e => e.Author + "/" + e.Text + "/" + e.Importance).Take(500).ToList()),
        new("text: ordered ordinally", q => q.Episodes.OrderBy(e => e.Author).ThenByDescending(e => e.Text).ThenBy(e => e.Id).Select(e => e.Id).ToList()),
        new("text: distinct", q => q.Episodes.Select(e => e.Author).Distinct().OrderBy(a => a).ToList()),
        new("text: least and greatest", q => new { Least = q.Episodes.Min(e => e.Text), Greatest = q.Episodes.Max(e => e.Author) }),
    ];

    private static Shape Ids(string name, Func<IQueryable<Episode>, IQueryable<Episode>> filter) => Ids(name, filter, filter);

    private static Shape Ids(
        string name, Func<IQueryable<Episode>, IQueryable<Episode>> inDatabase, Func<IQueryable<Episode>, IQueryable<Episode>> inMemory)
        => new("text: " + name, q => Run(inDatabase(q.Episodes)), q => Run(inMemory(q.Episodes)));

    private static List<int> Run(IQueryable<Episode> query) => query.OrderBy(e => e.Id).Select(e => e.Id).ToList();
}
