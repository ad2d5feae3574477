using System.Numerics;

namespace Keypace.Domain.Pacing;

/// <summary>
/// Whose turn it is. The first that may go is served; who had its turn, and whoever is new, stands behind everybody else. Kept as arrays in that
/// order, with gaps where somebody left: so the first with a query in one of the open lines is found by looking at bits, and those before
/// a newcomer are counted by adding up numbers, thousands in a microsecond.
/// </summary>
internal sealed class TurnRing<T>
    where T : TurnNode
{
    private const int Block = 64;   // places with one common set of bits; 64 so that a block's number is a shift

    private readonly bool _isWeighted;
    private T?[] _nodes = [];
    private int[] _counts = [];     // queries of each
    private int[] _credits = [];    // only weighted: left in the turn that runs or comes next
    private int[] _weights = [];    // only weighted: queries a turn
    private ulong[] _lines = [];    // in which lines each has a query; _words a place
    private ulong[] _blocks = [];   // of each block together; may hold bits of those who left
    private int _words = 1;
    private int _head;              // no gap, unless empty
    private int _tail;

    public TurnRing(bool isWeighted) => _isWeighted = isWeighted;

    public int Count { get; private set; }

    public void Join(T node)
    {
        MakeRoom();
        Put(node, _tail++);
        Count++;
    }

    public void Leave(T node)
    {
        Clear(node.Place);
        Count--;
        SkipGaps();
    }

    /// <summary>It had its turn.</summary>
    public void Turn(T node)
    {
        if (node.Place == _tail - 1)
            return;

        MakeRoom();
        var (from, to) = (node.Place, _tail++);
        Put(node, to);
        Copy(from, to);
        for (var word = 0; word < _words; word++)
            _blocks[(to / Block * _words) + word] |= _lines[(to * _words) + word];

        Clear(from);
        SkipGaps();
    }

    public void Recount(T node, int count) => _counts[node.Place] = count;

    /// <summary>Only weighted: how many of it may go this turn, and in each later one.</summary>
    public void Weigh(T node, int credit, int weight) => (_credits[node.Place], _weights[node.Place]) = (credit, weight);

    /// <summary>It has queries in a line from now on.</summary>
    public void Enter(T node, int line)
    {
        if (line >> 6 >= _words)
            Resize(_nodes.Length, (line >> 6) + 1);

        _lines[(node.Place * _words) + (line >> 6)] |= 1UL << line;
        _blocks[(node.Place / Block * _words) + (line >> 6)] |= 1UL << line;
    }

    /// <summary>It has none in that line any more.</summary>
    public void Quit(T node, int line) => _lines[(node.Place * _words) + (line >> 6)] &= ~(1UL << line);

    /// <summary>The first that has a query in one of these lines; null when none has.</summary>
    public T? First(LineSet open)
    {
        for (var place = _head; place < _tail;)
        {
            var (block, end) = (place / Block, Math.Min(_tail, ((place / Block) + 1) * Block));
            if (open.Overlaps(_blocks.AsSpan(block * _words, _words)))
            {
                var begin = place;
                for (; place < end; place++)
                {
                    if (_nodes[place] is { } node && open.Overlaps(_lines.AsSpan(place * _words, _words)))
                        return node;
                }

                Summarize(block, begin, end);
            }

            place = end;
        }

        return null;
    }

    /// <summary>All that have a query in one of these lines, in order.</summary>
    public IEnumerable<T> InOrder(LineSet open)
    {
        for (var place = _head; place < _tail; place++)
        {
            if (_nodes[place] is { } node && (open.IsAll || open.Overlaps(_lines.AsSpan(place * _words, _words))))
                yield return node;
        }
    }

    /// <summary>
    /// Queries of all others that go before turn number <paramref name="turn"/>, from 0, of <paramref name="mine"/>; null: of a newcomer.
    /// </summary>
    public int Before(T? mine, int turn)
    {
        if (mine is null)
            return !_isWeighted && turn == 0 ? Count : (int)SumOf(_head, _tail, turn + 1);

        return (int)(SumOf(_head, mine.Place, turn + 1) + SumOf(mine.Place + 1, _tail, turn));
    }

    /// <summary>What goes in so many turns of each between two places.</summary>
    private long SumOf(int from, int to, int turns)
    {
        if (turns <= 0 || from >= to)
            return 0;

        var sum = 0L;
        var at = from;
        if (Vector.IsHardwareAccelerated)
        {
            var (sums, more, each) = (Vector<int>.Zero, new Vector<int>(turns - 1), new Vector<int>(turns));
            for (; at <= to - Vector<int>.Count; at += Vector<int>.Count)
            {
                var turn = _isWeighted ? new Vector<int>(_credits, at) + (more * new Vector<int>(_weights, at)) : each;
                sums += Vector.Min(new Vector<int>(_counts, at), turn);
            }

            sum = Vector.Sum(sums);
        }

        for (; at < to; at++)
            sum += Math.Min(_counts[at], _isWeighted ? _credits[at] + ((turns - 1) * _weights[at]) : turns);

        return sum;
    }

    private void Put(T node, int place)
    {
        _nodes[place] = node;
        if (_isWeighted)
            (_credits[place], _weights[place]) = (node.Credit, node.Weight);

        node.Place = place;
    }

    private void Clear(int place)
    {
        (_nodes[place], _counts[place]) = (null, 0);
        _lines.AsSpan(place * _words, _words).Clear();
    }

    private void SkipGaps()
    {
        if (Count == 0)
        {
            (_head, _tail) = (0, 0);
            Array.Clear(_blocks);
            return;
        }

        while (_nodes[_head] is null)
            _head++;
    }

    private void MakeRoom()
    {
        if (_tail == _nodes.Length)
        {
            if (Count > 0 && Count <= _nodes.Length / 2)
                CloseGaps();
            else
                Resize(_nodes.Length * 2, _words);
        }
    }

    /// <summary>Everybody moves up; who stands where in the order stays.</summary>
    private void CloseGaps()
    {
        var (from, end) = (_head, _tail);
        (_head, _tail) = (0, 0);
        for (; from < end; from++)
        {
            if (_nodes[from] is { } node)
            {
                if (from != _tail)
                {
                    Copy(from, _tail);
                    Put(node, _tail);
                    Clear(from);
                }

                _tail++;
            }
        }

        for (var block = 0; block < _blocks.Length / _words; block++)
            Summarize(block, Math.Min(_tail, block * Block), Math.Min(_tail, (block + 1) * Block));
    }

    private void Copy(int from, int to)
    {
        _counts[to] = _counts[from];
        _lines.AsSpan(from * _words, _words).CopyTo(_lines.AsSpan(to * _words, _words));
    }

    /// <summary>The same in larger arrays, or with more bits each.</summary>
    private void Resize(int size, int words)
    {
        size = Math.Max(size, 4);
        var (nodes, counts, lines) = (_nodes, _counts, _lines);
        var (head, tail, before) = (_head, _tail, _words);
        (_nodes, _counts, _lines) = (new T?[size], new int[size], new ulong[size * words]);
        (_credits, _weights) = _isWeighted ? (new int[size], new int[size]) : (_credits, _weights);
        (_blocks, _words, _head, _tail) = (new ulong[((size + Block - 1) / Block) * words], words, 0, 0);
        for (var place = head; place < tail; place++)
        {
            if (nodes[place] is not { } node)
                continue;

            Put(node, _tail);
            _counts[_tail] = counts[place];
            for (var word = 0; word < before; word++)
            {
                _lines[(_tail * words) + word] = lines[(place * before) + word];
                _blocks[(_tail / Block * words) + word] |= lines[(place * before) + word];
            }

            _tail++;
        }
    }

    /// <summary>Bits of those who left are taken out of a block that was looked through for nothing.</summary>
    private void Summarize(int block, int begin, int end)
    {
        var bits = _blocks.AsSpan(block * _words, _words);
        bits.Clear();
        for (var at = begin * _words; at < end * _words; at++)
            bits[at % _words] |= _lines[at];
    }
}

/// <summary>Somebody in a <see cref="TurnRing{T}"/>.</summary>
internal abstract class TurnNode
{
    /// <summary>Where it stands; the ring's own.</summary>
    public int Place { get; set; }

    /// <summary>Queries left in the turn that runs or comes next.</summary>
    public int Credit { get; set; } = 1;

    /// <summary>Queries a turn.</summary>
    public int Weight { get; protected set; } = 1;
}
