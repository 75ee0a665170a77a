// What was announced to Home Assistant, on disk.
#include <SQLiteCpp/SQLiteCpp.h>
#include <gmock/gmock.h>
#include <gtest/gtest.h>

#include "bridge/adapters/sqlite/sqlite_storage.h"
#include "tests/support/run_task.h"
#include "tests/support/temp_dir.h"

namespace strawberry::bridge {
namespace {

using ::testing::UnorderedElementsAre;

class AnnouncedRows : public testing::Test {
 protected:
  template <class T>
  T run(Task<Reply<T>> task) {
    return test::run_task(loop_, std::move(task)).value();
  }
  void put(std::vector<AnnouncedRow> rows) {
    ASSERT_TRUE(test::run_task(loop_, store_->announcements().put_announced(std::move(rows))));
  }

  test::TempDir directory_;
  asio::io_context loop_;
  std::unique_ptr<SqliteStorage> store_ = std::move(*SqliteStorage::open(loop_, directory_.file("hub.db"), {}));
};

TEST_F(AnnouncedRows, ComeBackAsTheyWere) {
  const AnnouncedRow lamp{"lamp", "alice", -7, {"C-on", "C-off"}};
  const AnnouncedRow hub{"alice", "alice", 7, {}};
  put({lamp, hub});
  EXPECT_THAT(run(store_->announcements().announced_ids()), UnorderedElementsAre("lamp", "alice"));
  EXPECT_THAT(run(store_->announcements().find_announced({"lamp", "alice", "nothing"})),
              UnorderedElementsAre(lamp, hub));
  const AnnouncedRow changed{"lamp", "bob", 8, {"C-on"}};
  put({changed});
  EXPECT_THAT(run(store_->announcements().find_announced({"lamp"})), UnorderedElementsAre(changed));
  ASSERT_TRUE(test::run_task(loop_, store_->announcements().forget_announced({"lamp", "nothing"})));
  EXPECT_THAT(run(store_->announcements().announced_ids()), UnorderedElementsAre("alice"));
}

TEST_F(AnnouncedRows, StayWhenTheirDeviceIsDeletedUntilItIsTakenBack) {
  DeviceRow device;
  device.device_id = "lamp";
  device.user_id = "alice";
  device.name = device.normalized_name = "lamp";
  ASSERT_TRUE(test::run_task(loop_, store_->devices().add_device(device)));
  put({{"lamp", "alice", 1, {}}});
  const auto orphans = [this] {
    SQLite::Database database(directory_.file("hub.db"), SQLite::OPEN_READONLY);
    return database.execAndGet("SELECT count(*) FROM announced_topics WHERE is_orphan = 1").getInt();
  };
  EXPECT_EQ(orphans(), 0);
  ASSERT_TRUE(test::run_task(loop_, store_->devices().delete_device("alice", "lamp", 1)));
  EXPECT_EQ(orphans(), 1);
  put({{"lamp", "bob", 1, {}}});
  EXPECT_EQ(orphans(), 0) << "it is somebody's again";
}

}  // namespace
}  // namespace strawberry::bridge
