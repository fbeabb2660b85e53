using Engram.Data.Columns;
using Microsoft.Extensions.Logging;

namespace Engram.Data.Storage.Wal;

/// <content>The files: made before they are needed, left when they are full, deleted when a checkpoint covers them.</content>
internal sealed partial class WalWriter
{
    /// <summary>Smaller files are made when they are needed: it takes no longer than a few syncs.</summary>
    private const long PrepareAheadSizeBytesMin = 1024 * 1024;

    // Under the gate.
    private WalFile? _prepared;
    private Preparation _preparation;
    private int _preparedInFile;

    private enum Preparation
    {
        None,
        Queued,
        Running,
    }

    /// <summary>Further groups go to a new file, so that the files until now can be deleted after a checkpoint.</summary>
    /// <remarks>The caller holds the store's write lock, as for Append, and calls <see cref="Sync"/> before it publishes the checkpoint.</remarks>
    public void Rotate()
    {
        lock (_gate)
        {
            ThrowIfUnusable();
            if (_appendFile.NextOffset == WalFormat.BlockSizeBytes)
            {
                return;
            }
        }

        SwitchFile(payloadLength: 0, isFull: false);
    }

    /// <summary>Makes the file that the next <see cref="Rotate"/> goes to, unless making it takes no time. Without the write lock; blocks.</summary>
    public void PrepareNext()
    {
        int number;
        long sizeBytes;
        lock (_gate)
        {
            AwaitPreparation();
            if (_prepared is not null || _failure is not null || _isClosed || _isSwitching || _nextFileSizeBytes < PrepareAheadSizeBytesMin)
            {
                return;
            }

            _preparedInFile = _appendFile.Number;
            _preparation = Preparation.Queued;
            (number, sizeBytes) = (_appendFile.Number + 1, _nextFileSizeBytes);
        }

        Prepare(number, sizeBytes);
    }

    /// <summary>Deletes files all of whose commits are at or below <paramref name="lsn"/>, never the one being written.</summary>
    /// <remarks>Only after a durable checkpoint at <paramref name="lsn"/> or later.</remarks>
    public void DeleteFilesUpTo(Lsn lsn)
    {
        if (lsn > Durable)
        {
            throw Error.Internal($"log files up to commit {lsn} are to be deleted, but only {Durable} is durable");
        }

        var names = new List<string>();
        LeadFor(() =>
        {
            // The file that was written last is left before it goes, which needs its groups synced for the next header's sake.
            if (_writeFile != _appendFile && _writeFile.QueuedGroups == 0 && _writeFile.LastLsn <= lsn)
            {
                SyncWritten();
                _writeFile = _appendFile;
            }

            lock (_gate)
            {
                names.AddRange(_oldFiles.Where(f => f.LastLsn <= lsn).Select(f => f.Name));
                _oldFiles.RemoveAll(f => f.LastLsn <= lsn);
                foreach (var file in _files.Where(f => f != _appendFile && f != _writeFile && f.QueuedGroups == 0 && f.LastLsn <= lsn).ToList())
                {
                    names.Add(WalFormat.FileName(file.Number));
                    _files.Remove(file);
                    file.Dispose();
                }

                Volatile.Write(ref _oldSizeBytes, _oldFiles.Sum(f => f.UsedSizeBytes) + _files.Where(f => f != _appendFile).Sum(f => f.NextOffset));
            }
        });
        if (names.Count > 0)
        {
            foreach (var name in names)
            {
                _directory.Delete(name);
            }

            _directory.Sync(WalFormat.Directory);
        }
    }

    /// <summary>Makes the next file, with room for a commit of this length, and directs further appends to it. Called by the holder of the write lock.</summary>
    private void SwitchFile(long payloadLength, bool isFull)
    {
        var (number, sizeBytes, sizeBytesLeast, header, file) = BeginSwitch(payloadLength);
        try
        {
            file ??= PrepareWithin(number, sizeBytes, sizeBytesLeast);
            var wasRenamed = false;
            try
            {
                file.Publish(header, out wasRenamed);
            }
            catch (Exception e) when (wasRenamed)
            {
                // The file may or may not have its name on the disk: further commits in the old file would be at odds with its header.
                Poison(e);
                throw;
            }
        }
        catch
        {
            file?.Abandon(_logger);
            lock (_gate)
            {
                _isSwitching = false;
            }

            throw;
        }

        lock (_gate)
        {
            _isSwitching = false;
            _files.Add(file);
            Volatile.Write(ref _oldSizeBytes, _oldSizeBytes + _appendFile.NextOffset);
            _appendFile = file;
            _open = null;
            // On a disk with little room files are small again.
            _nextFileSizeBytes = Math.Min(_nextFileSizeBytes, file.SizeBytes);
            if (isFull)
            {
                _nextFileSizeBytes = NextSizeBytes(_options, _nextFileSizeBytes);
            }
        }
    }

    /// <summary>A file as large as wanted, or on a disk that has no such room a smaller one in which the commit fits: the room that is left should not be
    /// denied to small commits, nor to the checkpoint that would free more.</summary>
    private WalFile PrepareWithin(int number, long sizeBytes, long sizeBytesLeast)
    {
        while (true)
        {
            try
            {
                return WalFile.Prepare(_directory, number, sizeBytes, _logger);
            }
            catch (EngramException e) when (e.SqlState == SqlStates.DiskFull && sizeBytes > sizeBytesLeast)
            {
                sizeBytes = Math.Max(sizeBytesLeast, WalFormat.AlignToBlock(sizeBytes / 4));
            }
        }
    }

    /// <summary>Fixes what the next file's header says, and takes the file that was prepared when it is large enough. Until the switch is done
    /// no seal may take the group number that the header names.</summary>
    private (int Number, long SizeBytes, long SizeBytesLeast, WalFileHeader Header, WalFile? Prepared) BeginSwitch(long payloadLength)
    {
        WalFile? prepared;
        WalFile? tooSmall = null;
        (int Number, long SizeBytes, long SizeBytesLeast, WalFileHeader Header) next;
        lock (_gate)
        {
            AwaitPreparation();
            ThrowIfUnusable();
            _isSwitching = true;
            var needed = (2 * WalFormat.BlockSizeBytes) + WalFormat.GroupSizeBytes(WalFormat.CommitHeaderSizeBytes + payloadLength);
            next = (_appendFile.Number + 1, Math.Max(_nextFileSizeBytes, needed), Math.Max(FileSizeBytesMin(_options), needed), new WalFileHeader { FirstGroup = _nextGroup, FirstLsn = new Lsn(_appended + 1) });
            (prepared, _prepared) = (_prepared, null);
            if (prepared?.SizeBytes < needed)
            {
                (prepared, tooSmall) = (null, prepared);
            }
        }

        tooSmall?.Abandon(_logger);
        return (next.Number, next.SizeBytes, next.SizeBytesLeast, next.Header, prepared);
    }

    /// <summary>Starts making the next file while this one still has room, so that the holder of the write lock need not wait for its zeros. Under the gate.</summary>
    private void PrepareAhead()
    {
        if (_preparedInFile == _appendFile.Number || _nextFileSizeBytes < PrepareAheadSizeBytesMin || _appendFile.NextOffset <= _appendFile.SizeBytes / 8)
        {
            return;
        }

        // Once for each file: on a disk that is full every append would start it again.
        _preparedInFile = _appendFile.Number;
        _preparation = Preparation.Queued;
        var (number, sizeBytes) = (_appendFile.Number + 1, _nextFileSizeBytes);
        // A thread of its own: those of the pool may all be busy with commits that will soon need the file.
        Task.Factory.StartNew(() => Prepare(number, sizeBytes), CancellationToken.None, TaskCreationOptions.LongRunning, TaskScheduler.Default);
    }

    private void Prepare(int number, long sizeBytes)
    {
        lock (_gate)
        {
            if (_preparation != Preparation.Queued || _appendFile.Number + 1 != number)
            {
                return;
            }

            _preparation = Preparation.Running;
        }

        WalFile? file = null;
        try
        {
            file = WalFile.Prepare(_directory, number, sizeBytes, _logger);
        }
        catch (Exception e)
        {
            // Nothing depends on it yet. The append that needs the file tries again, and reports what it meets then.
            _logger.LogWarning(e, "The next log file of {Directory} could not be made ahead of need.", _directory.Path);
        }
        finally
        {
            lock (_gate)
            {
                _prepared = file;
                _preparation = Preparation.None;
                Monitor.PulseAll(_gate);
            }
        }
    }

    /// <summary>Waits for a preparation that has begun and calls off one that has not: no thread may be free for it. Under the gate.</summary>
    private void AwaitPreparation()
    {
        if (_preparation == Preparation.Queued)
        {
            _preparation = Preparation.None;
        }

        while (_preparation == Preparation.Running)
        {
            Monitor.Wait(_gate);
        }
    }

    /// <summary>Closing: nobody needs the next file.</summary>
    private void AbandonPrepared()
    {
        WalFile? prepared;
        lock (_gate)
        {
            AwaitPreparation();
            (prepared, _prepared) = (_prepared, null);
        }

        prepared?.Abandon(_logger);
    }

    private static long FileSizeBytesMin(StoreOptions options)
        => WalFormat.AlignToBlock(Math.Max(options.WalFileSizeBytesMin, 4 * WalFormat.BlockSizeBytes));

    private static long NextSizeBytes(StoreOptions options, long sizeBytes)
        => Math.Max(sizeBytes, Math.Min(sizeBytes * 2, WalFormat.AlignToBlock(options.WalFileSizeBytesMax)));
}
