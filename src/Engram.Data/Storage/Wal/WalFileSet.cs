using System.Globalization;
using Engram.Data.Columns;
using Engram.Data.Storage.Files;

namespace Engram.Data.Storage.Wal;

/// <summary>The log files of a directory, those open that recovery needs.</summary>
internal sealed class WalFileSet : IDisposable
{
    private readonly List<WalFileReader> _live = [];
    private readonly List<string> _orphanNames = [];

    private WalFileSet()
    {
    }

    /// <summary>From the file that holds the first commit after the checkpoint on, in order of their numbers.</summary>
    public IReadOnlyList<WalFileReader> Live => _live;

    /// <summary>Files that no recovery needs: unfinished ones, and those before <see cref="Live"/>.</summary>
    public IReadOnlyList<string> OrphanNames => _orphanNames;

    /// <summary>A number that no file has.</summary>
    public int NextNumber { get; private set; } = 1;

    public static WalFileSet Open(DataDirectory directory, Lsn after, bool isReadOnly)
    {
        var set = new WalFileSet();
        try
        {
            set.OpenLive(directory, after, set.ListNumbers(directory), isReadOnly);
            return set;
        }
        catch
        {
            set.Dispose();
            throw;
        }
    }

    public void Dispose()
    {
        foreach (var file in _live)
        {
            file.Dispose();
        }
    }

    private List<int> ListNumbers(DataDirectory directory)
    {
        var numbers = new List<int>();
        foreach (var name in directory.List(WalFormat.Directory))
        {
            if (WalFormat.TryParseName(name, ".wal", out var number))
            {
                numbers.Add(number);
            }
            else if (WalFormat.TryParseName(name, ".tmp", out number))
            {
                _orphanNames.Add($"{WalFormat.Directory}/{name}");
            }

            NextNumber = Math.Max(NextNumber, number + 1);
        }

        numbers.Sort();
        return numbers;
    }

    /// <summary>
    /// From the newest file backwards to the first that begins at or before the first commit needed. Older ones are not even opened: a checkpoint
    /// made them superfluous, and their deletion may have been under way, in any order.
    /// </summary>
    private void OpenLive(DataDirectory directory, Lsn after, List<int> numbers, bool isReadOnly)
    {
        var isReached = false;
        for (var i = numbers.Count - 1; i >= 0; i--)
        {
            if (isReached)
            {
                _orphanNames.Add(WalFormat.FileName(numbers[i]));
                continue;
            }

            var file = WalFileReader.Open(directory, numbers[i], isWritable: !isReadOnly);
            _live.Insert(0, file);
            isReached = file.Header.FirstLsn <= after.Next;
        }

        if (_live.Count > 0 && !isReached)
        {
            throw Error.LogIncomplete(directory.Path, after.Value + 1,
                string.Create(CultureInfo.InvariantCulture, $"its oldest file, '{_live[0].Name}', begins with commit {_live[0].Header.FirstLsn}"));
        }
    }
}
