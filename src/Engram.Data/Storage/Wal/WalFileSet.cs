using System.Buffers;
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

/// <summary>One log file while it is read, through a window of its bytes in memory.</summary>
internal sealed class WalFileReader : IDisposable
{
    private const int WindowSizeBytesMin = 1024 * 1024;

    private readonly DataFile _file;
    private byte[] _window = [];
    private long _windowOffset;
    private int _windowLength;

    private WalFileReader(DataFile file, string path, WalFileHeader header)
    {
        _file = file;
        Path = path;
        Header = header;
    }

    public WalFileHeader Header { get; }

    public string Name => _file.Name;

    /// <summary>With the directory, for messages.</summary>
    public string Path { get; }

    public long SizeBytes { get; private init; }

    /// <summary>Whether the file was cut short; only a salvage reads such files.</summary>
    public bool IsShort => SizeBytes < Header.SizeBytes;

    // What the chain found in this file.

    public Lsn LastLsn { get; set; }

    public long EndOffset { get; set; } = WalFormat.BlockSizeBytes;

    /// <param name="takesShort">For a salvage: what is left of a file that was cut short is read.</param>
    public static WalFileReader Open(DataDirectory directory, int number, bool isWritable, bool takesShort = false)
    {
        var name = WalFormat.FileName(number);
        var path = $"{directory.Path}/{name}";
        var file = directory.Open(name, isWritable);
        try
        {
            Span<byte> bytes = stackalloc byte[WalFormat.FileHeaderSizeBytes];
            if (!WalFileHeader.TryRead(bytes[..file.Read(0, bytes)], out var header, out var version))
            {
                throw Error.LogFileDamaged(path, "it does not begin with a valid header");
            }

            if (version != WalFormat.Version)
            {
                throw Error.UnsupportedFormat($"The log file '{path}'", version, WalFormat.Version);
            }

            if (header.FileNumber != number)
            {
                throw Error.LogFileDamaged(path, string.Create(CultureInfo.InvariantCulture, $"by its header it is file {header.FileNumber}"));
            }

            var length = file.Length;
            if ((length < header.SizeBytes && !takesShort) || header.SizeBytes < 2 * WalFormat.BlockSizeBytes)
            {
                throw Error.LogFileDamaged(path, string.Create(CultureInfo.InvariantCulture, $"it has {length} bytes and was made with {header.SizeBytes}"));
            }

            return new WalFileReader(file, path, header)
            {
                SizeBytes = Math.Min(header.SizeBytes, length / WalFormat.BlockSizeBytes * WalFormat.BlockSizeBytes),
                LastLsn = new Lsn(header.FirstLsn.Value - 1),
            };
        }
        catch
        {
            file.Dispose();
            throw;
        }
    }

    /// <summary>A range within the file's size. Valid until the next call.</summary>
    public ReadOnlyMemory<byte> Get(long offset, int length)
    {
        if (offset < _windowOffset || offset + length > _windowOffset + _windowLength)
        {
            Move(offset, length);
        }

        return _window.AsMemory((int)(offset - _windowOffset), length);
    }

    /// <summary>The header at an offset when it is one of this file's, whatever group it belongs to.</summary>
    public bool TryReadHeader(long offset, out WalGroupHeader header)
    {
        header = default;
        return offset + WalFormat.BlockSizeBytes <= SizeBytes
            && WalGroupHeader.TryRead(Get(offset, WalFormat.GroupHeaderSizeBytes).Span, out header)
            && header.Salt == Header.Salt && header.FileNumber == Header.FileNumber;
    }

    public void Sync() => _file.Sync();

    public void Dispose()
    {
        _file.Dispose();
        ArrayPool<byte>.Shared.Return(_window);
        _window = [];
    }

    private void Move(long offset, int length)
    {
        var wanted = (int)Math.Min(Math.Max(length, WindowSizeBytesMin), SizeBytes - offset);
        if (_window.Length < wanted)
        {
            ArrayPool<byte>.Shared.Return(_window);
            _window = [];
            _window = ArrayPool<byte>.Shared.Rent(wanted);
        }

        _windowLength = 0;
        _windowOffset = offset;
        _windowLength = _file.Read(offset, _window.AsSpan(0, wanted));
        if (_windowLength < length)
        {
            throw Error.LogFileDamaged(Path, string.Create(CultureInfo.InvariantCulture, $"it became shorter while it was read; {offset + length} bytes are needed"));
        }
    }
}
