/* A link goes from one thread's hub to another's while it is used: no byte is lost, doubled or out of order, and nothing of it
 * stays behind. One thing at a time. */
#include "support/moving_link.h"

static void there_and_back(struct rig *rig) {
    use(rig);
    for (int i = 0; i < 5; i++) {
        move(rig);
        assert_int_equal(here(rig)->hub.shared.ciphers[0].links, 1);
        use(rig);
    }
}

static void a_quiet_link_moves(void **state) {
    (void)state;
    for_each_kind(there_and_back);
}

static void with_bytes_left_over(struct rig *rig) {
    side_queue(here(rig), 200);
    for (int i = 0; i < 10; i++)
        side_turn(here(rig)); /* the peer does not read */
    assert_true(tls_link_is_blocked(link_of(rig)));
    uint32_t left = link_of(rig)->unsent_length;
    move(rig);
    assert_int_equal(link_of(rig)->unsent_length, left);
    settle(rig);
    assert_false(tls_link_is_blocked(link_of(rig)));
    use(rig);
}

static void what_a_short_send_left_over_comes_along(void **state) {
    (void)state;
    for_each_kind(with_bytes_left_over);
}

/* All cuts of a record between the two threads. */
static void with_an_unfinished_record(struct rig *rig) {
    static const size_t cuts[] = {1, 4, 5, 6, 500, 1000};
    for (unsigned i = 0; i < COUNT(cuts); i++) {
        peer_write(&rig->peer, 2 * CELL_LEN);
        peer_flush(&rig->peer, cuts[i]);
        side_turn(here(rig));
        uint64_t before = rig->talk.received;
        move(rig);
        side_turn(here(rig));
        assert_int_equal(rig->talk.received, before);
        settle(rig);
        assert_int_equal(rig->talk.received, before + 2 * CELL_LEN);
    }
    use(rig);
}

static void a_record_that_is_not_whole_comes_along(void **state) {
    (void)state;
    for_each_kind(with_an_unfinished_record);
}

static void with_an_unfinished_cell(struct rig *rig) {
    for (size_t length = 1; length < CELL_LEN; length += 171) {
        peer_write(&rig->peer, length);
        settle(rig);
        move(rig);
        peer_write(&rig->peer, CELL_LEN - length);
        settle(rig);
    }
    assert_int_equal(rig->talk.received, rig->peer.sent);
    assert_int_equal(rig->talk.received % CELL_LEN, 0);
}

static void a_cell_that_is_not_whole_comes_along(void **state) {
    (void)state;
    for_each_kind(with_an_unfinished_cell);
}

static void without_its_buffers(struct rig *rig) {
    use(rig);
    tls_link_cool(link_of(rig));
    move(rig);
    assert_false(list_is_empty(&here(rig)->hub.shared.warm));
    use(rig);
}

static void an_idle_link_moves(void **state) {
    (void)state;
    for_each_kind(without_its_buffers);
}

static void unread(struct rig *rig) {
    link_hub_want_read(&here(rig)->hub, LINK, false);
    side_turn(here(rig));
    peer_write(&rig->peer, 3 * CELL_LEN);
    peer_flush(&rig->peer, WIRE_ROOM);
    move(rig);
    side_turn(here(rig));
    assert_int_equal(rig->talk.received, 0);
    assert_int_equal(here(rig)->hub.shared.pauses.links, 0);
    here(rig)->clock.start -= NSEC_PER_S; /* a second passes */
    turn_clock_next(&here(rig)->clock);
    link_hub_want_read(&here(rig)->hub, LINK, true);
    settle(rig);
    assert_int_equal(here(rig)->hub.shared.pauses.links, 1);
    assert_true(here(rig)->hub.shared.pauses.sum >= NSEC_PER_S);
    assert_int_equal(here(rig)->hub.shared.pauses.sum, here(rig)->hub.shared.pauses.longest);
    assert_int_equal(rig->talk.received, 3 * CELL_LEN);
}

static void what_is_not_to_be_read_is_not_read_there_either(void **state) {
    (void)state;
    for_each_kind(unread);
}

static void asked(struct rig *rig) {
    side_queue(here(rig), 3);
    move(rig); /* before the round that would have granted them */
    settle(rig);
    assert_int_equal(rig->peer.received, 3 * CELL_LEN);
}

static void a_wish_to_write_comes_along(void **state) {
    (void)state;
    for_each_kind(asked);
}

/* --- ends ------------------------------------------------------------------------------------------------------- */

static void hang_up(struct rig *rig) {
    side_queue(here(rig), 200);
    for (int i = 0; i < 10; i++)
        side_turn(here(rig));
    assert_true(tls_link_is_blocked(link_of(rig)));
    move(rig);
    link_hub_hangup(&here(rig)->hub, LINK);
    for (int i = 0; i < 1000 && !rig->peer.is_closed; i++)
        turn(rig);
    assert_true(rig->peer.is_closed);
    assert_int_equal(rig->peer.received, rig->talk.sent); /* all that was taken */
    assert_nothing_is_left(here(rig));
}

static void a_hang_up_after_the_move_flushes_first(void **state) {
    (void)state;
    for_each_kind(hang_up);
}

static void peer_closes(struct rig *rig, bool is_read) {
    struct talk *talk;
    link_hub_want_read(&here(rig)->hub, LINK, false);
    side_turn(here(rig));
    struct tls_link *link = side_release(here(rig), &talk);
    shutdown(rig->peer.fd, SHUT_RDWR);
    side_turn(here(rig));
    rig->at ^= 1;
    side_adopt(here(rig), link, talk);
    if (is_read)
        link_hub_want_read(&here(rig)->hub, LINK, true);
    else
        side_queue(here(rig), 100);
    for (int i = 0; i < 10; i++)
        side_turn(here(rig));
    assert_true(rig->talk.is_closed);
    assert_nothing_is_left(here(rig));
}

static void peer_closes_and_is_read(struct rig *rig) {
    peer_closes(rig, true);
}

static void peer_closes_and_is_written_to(struct rig *rig) {
    peer_closes(rig, false);
}

static void a_close_on_the_way_is_seen_there(void **state) {
    (void)state;
    for_each_kind(peer_closes_and_is_read);
    for_each_kind(peer_closes_and_is_written_to);
}

/* The link is asked for, and then something else comes first. */
static void hang_up_first(struct rig *rig) {
    use(rig);
    link_hub_release(&here(rig)->hub, LINK);
    link_hub_hangup(&here(rig)->hub, LINK);
    side_carry_out(here(rig));
    assert_null(here(rig)->manager.luggage);
    assert_false(rig->talk.is_closed);
    assert_nothing_is_left(here(rig));
}

static void break_first(struct rig *rig) {
    shutdown(rig->peer.fd, SHUT_RDWR);
    side_queue(here(rig), 10);
    side_turn(here(rig));
    if (link_of(rig) != NULL) { /* not seen yet */
        link_hub_release(&here(rig)->hub, LINK);
        link_of(rig)->is_broken = true;
        side_carry_out(here(rig));
    }
    assert_null(here(rig)->manager.luggage);
    assert_true(rig->talk.is_closed);
    assert_nothing_is_left(here(rig));
}

static void stay(struct rig *rig) {
    here(rig)->manager.has_changed_its_mind = true;
    side_queue(here(rig), 200);
    side_turn(here(rig));
    link_hub_release(&here(rig)->hub, LINK);
    side_carry_out(here(rig));
    assert_non_null(link_of(rig));
    assert_int_equal(here(rig)->hub.shared.pauses.links, 0);
    use(rig);
}

static void an_end_goes_before_a_move(void **state) {
    (void)state;
    for_each_kind(hang_up_first);
    for_each_kind(break_first);
}

static void a_link_that_may_not_leave_goes_on(void **state) {
    (void)state;
    for_each_kind(stay);
}

static void a_link_that_is_gone_is_not_released(void **state) {
    struct rig *rig = rig_new(&kinds[0]);
    (void)state;
    link_hub_release(&here(rig)->hub, LINK + 1);
    assert_false(link_hub_carry_out(&here(rig)->hub));
    rig_free(rig);
}

/* The relay stops: what was on its way has been adopted, and nothing turns any more. */
static void the_end(struct rig *rig) {
    side_queue(here(rig), 200);
    for (int i = 0; i < 10; i++)
        side_turn(here(rig));
    peer_write(&rig->peer, 1000);
    peer_flush(&rig->peer, 300);
    move(rig);
}

static void a_hub_ends_with_what_it_adopted(void **state) {
    (void)state;
    for_each_kind(the_end);
}

/* As bytes of its own cipher's records, here and there: more than the cells, and less than what passed the sockets, where the
 * handshake is too. */
static void count_under_its_cipher(struct rig *rig) {
    use(rig);
    move(rig);
    use(rig);
    struct work all = rig->sides[0].manager.work;
    work_add(&all, &rig->sides[1].manager.work);
    const char *cipher = tls_session_cipher(&link_of(rig)->session);
    const struct {
        bool is_its_own;
        uint64_t bytes;
    } counts[] = {
        {strstr(cipher, "256") && !strstr(cipher, "SHA256"), all.tls_aes256_bytes},
        {strstr(cipher, "AES128") || strstr(cipher, "AES_128"), all.tls_aes128_bytes},
        {strstr(cipher, "CHACHA20"), all.tls_chacha_bytes},
    };
    for (size_t i = 0; i < COUNT(counts); i++) {
        uint64_t least = counts[i].is_its_own ? rig->talk.sent + rig->peer.sent + 1 : 0;
        uint64_t most = counts[i].is_its_own ? all.tls_bytes_read + all.tls_bytes_written - 1 : 0;
        assert_in_range(counts[i].bytes, least, most);
    }
}

static void what_passes_counts_under_the_cipher(void **state) {
    (void)state;
    for_each_kind(count_under_its_cipher);
}

int main(void) {
    const struct CMUnitTest tests[] = {
        cmocka_unit_test(a_quiet_link_moves),
        cmocka_unit_test(what_a_short_send_left_over_comes_along),
        cmocka_unit_test(a_record_that_is_not_whole_comes_along),
        cmocka_unit_test(a_cell_that_is_not_whole_comes_along),
        cmocka_unit_test(an_idle_link_moves),
        cmocka_unit_test(what_is_not_to_be_read_is_not_read_there_either),
        cmocka_unit_test(a_wish_to_write_comes_along),
        cmocka_unit_test(a_hang_up_after_the_move_flushes_first),
        cmocka_unit_test(a_close_on_the_way_is_seen_there),
        cmocka_unit_test(an_end_goes_before_a_move),
        cmocka_unit_test(a_link_that_may_not_leave_goes_on),
        cmocka_unit_test(a_link_that_is_gone_is_not_released),
        cmocka_unit_test(a_hub_ends_with_what_it_adopted),
        cmocka_unit_test(what_passes_counts_under_the_cipher),
    };
    return cmocka_run_group_tests(tests, identity_set_up, identity_tear_down);
}
