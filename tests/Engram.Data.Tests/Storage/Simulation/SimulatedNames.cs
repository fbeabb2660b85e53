namespace Engram.Data.Tests.Storage.Simulation;

/// <summary>The names on the simulated disk: as programs see them, as a crash cannot take them, and the changes in between.</summary>
/// <remarks>
/// POSIX promises that a change of a directory is durable after an fsync of that directory, and nothing about order: until then any
/// creation, renaming or deletion may survive without the ones before it. Syncing a file does not make its name durable, and a
/// sub-directory whose own entry is lost takes all its files along.
/// </remarks>
internal sealed class SimulatedNames
{
    private readonly Dictionary<string, int> _seen;
    private readonly Dictionary<string, int> _stored;
    private readonly List<Change> _changes;

    public SimulatedNames()
        : this([], [], [])
    {
    }

    private SimulatedNames(Dictionary<string, int> seen, Dictionary<string, int> stored, List<Change> changes)
    {
        _seen = seen;
        _stored = stored;
        _changes = changes;
    }

    private enum ChangeKind
    {
        Create,
        Rename,
        Delete,
    }

    /// <summary>What programs see: a file's content by its name; a sub-directory is a name that ends in '/'.</summary>
    public IReadOnlyDictionary<string, int> Seen => _seen;

    /// <summary>All contents that have a name or may have one after a crash.</summary>
    public IEnumerable<int> Contents => _seen.Values.Concat(_stored.Values).Concat(_changes.Select(c => c.Content)).Distinct();

    public void Create(string name, int content) => Add(new Change(ChangeKind.Create, name, null, content));

    public void Rename(string from, string to) => Add(new Change(ChangeKind.Rename, from, to, _seen[from]));

    public void Delete(string name) => Add(new Change(ChangeKind.Delete, name, null, _seen[name]));

    public void Sync(string subdirectory)
    {
        // A renaming between two sub-directories is durable when both are synced.
        for (var i = 0; i < _changes.Count; i++)
        {
            _changes[i] = _changes[i].SyncedIn(subdirectory);
            if (_changes[i].IsDurable)
            {
                _changes[i].Apply(_stored);
            }
        }

        _changes.RemoveAll(c => c.IsDurable);
    }

    public SimulatedNames Copy() => new(new(_seen), new(_stored), [.. _changes]);

    public SimulatedNames Crash(Survival survival)
    {
        var names = new Dictionary<string, int>(_stored);
        foreach (var change in _changes)
        {
            if (survival.KeepsMetadata())
            {
                change.Apply(names);
            }
        }

        foreach (var lost in names.Keys.Where(n => DirectoryOf(n) is { Length: > 0 } parent && !names.ContainsKey(parent + "/")).ToList())
        {
            names.Remove(lost);
        }

        return new SimulatedNames(names, new(names), []);
    }

    /// <summary>The sub-directory that a name stands in, "" for the top.</summary>
    public static string DirectoryOf(string name)
    {
        var slash = name.TrimEnd('/').LastIndexOf('/');
        return slash < 0 ? "" : name[..slash];
    }

    private void Add(Change change)
    {
        change.Apply(_seen);
        _changes.Add(change);
    }

    private readonly record struct Change(ChangeKind Kind, string Name, string? To, int Content)
    {
        private bool IsSyncedFrom { get; init; }

        private bool IsSyncedTo { get; init; } = To is null;

        public bool IsDurable => IsSyncedFrom && IsSyncedTo;

        public Change SyncedIn(string subdirectory) => this with
        {
            IsSyncedFrom = IsSyncedFrom || DirectoryOf(Name) == subdirectory,
            IsSyncedTo = IsSyncedTo || DirectoryOf(To!) == subdirectory,
        };

        /// <summary>The names before need not be those at the time of the change: others may have been lost.</summary>
        public void Apply(Dictionary<string, int> names)
        {
            switch (Kind)
            {
                case ChangeKind.Create:
                    names[Name] = Content;
                    break;
                case ChangeKind.Delete:
                    RemoveIfSame(names);
                    break;
                default:
                    RemoveIfSame(names);
                    names[To!] = Content;
                    break;
            }
        }

        private void RemoveIfSame(Dictionary<string, int> names)
        {
            if (names.TryGetValue(Name, out var content) && content == Content)
            {
                names.Remove(Name);
            }
        }
    }
}
