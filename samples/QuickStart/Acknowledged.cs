namespace QuickStart;

/// <summary>
/// A witness beside the database: the keys of the episodes whose SaveChanges has returned. It is what an application could have told its
/// user. When a process is killed, the next run holds the database to it: each of these episodes must be there.
/// </summary>
public sealed class Acknowledged(string path)
{
    /// <summary>What the last process had been promised; empty when it ended in order.</summary>
    public IReadOnlyList<string> Read()
    {
        if (!File.Exists(path))
        {
            return [];
        }

        // The kill may have cut the last line short; a line counts when it is whole.
        var text = File.ReadAllText(path);
        return text[..(text.LastIndexOf('\n') + 1)].Split('\n', StringSplitOptions.RemoveEmptyEntries);
    }

    /// <summary>Handed to the operating system when this returns: the death of the process cannot take it back.</summary>
    public void Append(IEnumerable<string> keys) => File.AppendAllText(path, string.Concat(keys.Select(k => k + "\n")));

    public void Clear() => File.Delete(path);
}
