using Keypace.Server.Pacing;
using Keypace.Server.Pacing.Journal;

namespace Keypace.Tests.Server.Pacing;

/// <summary>A disk that can lose its power, fill up, and say who waits for it.</summary>
internal sealed class MemoryDisk : IJournalDisk
{
    private Content? _current;
    private Content? _durable;

    public bool IsBroken { get; set; }

    /// <summary>True while a query is on its way: then nobody may wait for the disk.</summary>
    public bool IsQueryRunning { get; set; }

    public int Rewrites { get; private set; }

    /// <summary>What happens while a new file is being made.</summary>
    public Action? DuringRewrite { get; set; }

    public byte[]? Read() => _current?.Bytes.ToArray();

    /// <summary>What the journal was read from; another one than it says when it was copied back.</summary>
    public string FileId { get; set; } = "one";

    public IJournalFile Create()
    {
        ThrowIfBroken();
        return new MemoryFile(this, new Content());
    }

    public void Replace(IJournalFile file)
    {
        ThrowIfBroken();
        _current = ((MemoryFile)file).Content;
        Rewrites++;
    }

    public void SyncFolder()
    {
        Waits();
        _durable = _current;
    }

    /// <summary>What a new process finds after a kill: all that was handed to the system.</summary>
    public MemoryDisk AfterKill() => With(_current?.Bytes.ToArray());

    /// <summary>What it finds after a power failure: only what was waited for, and perhaps torn.</summary>
    public MemoryDisk AfterPowerLoss(int tornBytes = 0) =>
        With(_durable is null ? null : [.. _durable.Bytes.Take(_durable.DurableBytes + tornBytes)]);

    public static MemoryDisk With(byte[]? bytes)
    {
        var disk = new MemoryDisk();
        if (bytes is not null)
        {
            disk._current = disk._durable = new Content { DurableBytes = bytes.Length };
            disk._current.Bytes.AddRange(bytes);
        }

        return disk;
    }

    private void Waits()
    {
        Assert.False(IsQueryRunning, "A query waits for the disk.");
        ThrowIfBroken();
    }

    private void ThrowIfBroken()
    {
        if (IsBroken)
            throw new IOException("No space left on device");
    }

    private sealed class Content
    {
        public List<byte> Bytes { get; } = [];

        public int DurableBytes { get; set; }
    }

    private sealed class MemoryFile(MemoryDisk disk, Content content) : IJournalFile
    {
        public Content Content => content;

        public string Id => disk.FileId;

        public void Append(ReadOnlySpan<byte> bytes)
        {
            if (disk.IsBroken)
            {
                content.Bytes.AddRange(bytes[..(bytes.Length / 2)]);   // a full disk takes a part
            }

            disk.ThrowIfBroken();
            content.Bytes.AddRange(bytes);
        }

        public void Flush()
        {
            if (content != disk._current)
            {
                disk.DuringRewrite?.Invoke();   // after the snapshot, before the new file takes the old one's place
            }

            disk.Waits();
            content.DurableBytes = content.Bytes.Count;
        }

        public void Dispose()
        {
        }
    }
}
